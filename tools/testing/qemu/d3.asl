/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ACPI table for run-guest --d3: tells the driver that this platform puts the
 * modem's slot into D3/L2 in system sleep.
 *
 * run-guest reads d3.hex, so that nobody needs the compiler:
 *	iasl d3.asl && xxd -p d3.aml >d3.hex
 */
DefinitionBlock ("d3.aml", "SSDT", 2, "IOSM", "MODEMD3", 1)
{
    /* The names that QEMU gives to root port and slot of run-guest. */
    External (\_SB.PCI0.S08.S00, DeviceObj)
    Scope (\_SB.PCI0.S08.S00)
    {
        Method (_DSM, 4, Serialized)
        {
            If (LEqual (Arg0, ToUUID ("bad01b75-22a8-4f48-8792-bdde9467747d")))
            {
                If (LEqual (Arg2, 3))
                {
                    Return (3)
                }
            }
            Return (Buffer (One) { 0 })
        }
    }
}
