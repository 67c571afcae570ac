// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the AT function with stand-ins for its environment. */
#include "tap.h"
#include "fakes.h"

#include "../at.c"
#include "../cell.c"

static struct vm_chan *ch = &fake_chan[2];

/* The concatenated output of the function. */
static const char *heard(void)
{
	static char text[65536];
	const struct fake_td *td;
	size_t n = 0;

	while ((td = fake_take(ch))) {
		assert(n + td->len < sizeof(text));
		memcpy(text + n, td->data, td->len);
		n += td->len;
	}
	text[n] = '\0';
	return text;
}

static void say(const char *text)
{
	fake_rx(ch, text, strlen(text));
}

static void check(const char *want, const char *file, int line)
{
	const char *got = heard();
	const char *p;

	if (!strcmp(got, want))
		return;
	printf("# %s:%d: got ", file, line);
	for (p = got; *p; p++)
		printf(*p < ' ' ? "\\x%02x" : "%c", *p);
	printf("\n");
	tap_good = false;
}

#define expect(want)	check(want, __FILE__, __LINE__)

static void start(bool echo)
{
	if (ch->open)
		fake_close(ch);
	fake_ctl("sim ready");
	fake_ctl("radio on");
	fake_ctl("registration home");
	fake_ctl("signal 20");
	fake_open(ch, 2048, 10000);
	fake_forget(ch);
	fake_stats_reset();
	if (!echo) {
		say("ATE0\r");
		expect("ATE0\r\r\nOK\r\n");
	}
}

static void echo(void)
{
	start(true);
	say("AT\r");
	expect("AT\r\r\nOK\r\n");
	say("ATE0\r");
	expect("ATE0\r\r\nOK\r\n");
	say("AT\r");
	expect("\r\nOK\r\n");
	say("ATE1\rAT\r");
	expect("\r\nOK\r\nAT\r\r\nOK\r\n");
	/* E alone means E0. */
	say("ate\rat\r");
	expect("ate\r\r\nOK\r\n\r\nOK\r\n");
	/* After the port is reopened, echo is on again. */
	fake_close(ch);
	fake_open(ch, 2048, 100);
	say("AT\r");
	expect("AT\r\r\nOK\r\n");
}

static void commands_and_answers(void)
{
	start(false);
	say("ATI\r");
	expect("\r\nvmodem XMM7560 vmodem 1.0\r\n\r\nOK\r\n");
	say("AT+CGMI\r");
	expect("\r\nvmodem\r\n\r\nOK\r\n");
	say("AT+CGMM\r");
	expect("\r\nXMM7560\r\n\r\nOK\r\n");
	say("AT+CGMR\r");
	expect("\r\nvmodem 1.0\r\n\r\nOK\r\n");
	say("AT+CGSN\r");
	expect("\r\n" CELL_IMEI "\r\n\r\nOK\r\n");
	say("AT+CIMI\r");
	expect("\r\n" CELL_IMSI "\r\n\r\nOK\r\n");
	say("at+csq\r");
	expect("\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
	say("AT+COPS?\r");
	expect("\r\n+COPS: 0,0,\"vmodem net\",7\r\n\r\nOK\r\n");
	say("AT+CREG?\r");
	expect("\r\n+CREG: 0,1\r\n\r\nOK\r\n");
	say("AT+CPIN?\r");
	expect("\r\n+CPIN: READY\r\n\r\nOK\r\n");
	fake_vm.config.device_id = 0x7360;
	say("AT+CGMM\r");
	expect("\r\nXMM7360\r\n\r\nOK\r\n");
	fake_vm.config.device_id = 0x7560;
}

static void unknown_commands(void)
{
	static const char * const bad[] = {
		"AT+FOO?\r", "AT+CSQ?\r", "AT+COPS\r", "AT+COPS=?\r",
		"AT+CPIN=1234\r", "ATV0\r", "ATI1\r", "ATV\r", "AT=\r",
		"AT+CFUN=0\r", "AT+CFUN=\r", "AT+CFUN=11\r", "AT+CREG=3\r",
		"AT+CREG=\r", "AT+CREG=11\r", "AT+CREG??\r", "AT+CMEE=1\r",
		"AT+COPS=3,1\r", "AT+COPS=1,2,\"00101\"\r",
		"AT+COPS=3,00000000000000000000000000000000000000\r", "ATX\r", "AT?\r", "A\r",
		"XAT\r", "ATE2\r", "AT+\r", "AT+CSQX\r", "AT CSQ\r",
		"hello world\r", "AT+CSQ,\r", "\x7f\xff\x01\r",
	};
	unsigned int i;

	start(false);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		say(bad[i]);
		expect("\r\nERROR\r\n");
	}
	tap_is(fake_stat("at.0.errors"), i);
	tap_is(fake_stat("at.0.lines"), i + 1);
	/* A NUL does not hide the rest of the line. */
	fake_rx(ch, "AT\0X\r", 5);
	expect("\r\nERROR\r\n");
	say("AT\r");
	expect("\r\nOK\r\n");
}

static void any_split(void)
{
	static const char text[] = "AT+CGSN;+CSQ\rATI\r\nAT\nAT+BAD\r";
	static const char want[] =
		"\r\n" CELL_IMEI "\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n"
		"\r\nvmodem XMM7560 vmodem 1.0\r\n\r\nOK\r\n"
		"\r\nOK\r\n\r\nERROR\r\n";
	size_t len = strlen(text), a, b;

	start(false);
	for (a = 0; a <= len; a++) {
		for (b = a; b <= len; b++) {
			fake_rx(ch, text, a);
			fake_rx(ch, text + a, b - a);
			fake_rx(ch, text + b, len - b);
			expect(want);
		}
	}
	for (a = 0; a < len; a++)
		fake_rx(ch, text + a, 1);
	expect(want);
}

static void line_ends(void)
{
	start(false);
	say("\r\n\r\n\n\n\r");
	expect("");
	say("   \r");
	expect("");
	say("  AT  \r");
	expect("\r\nOK\r\n");
	say("AT\n");
	expect("\r\nOK\r\n");
	say("AT\r\n");
	expect("\r\nOK\r\n");
	say("AT\n\r");
	expect("\r\nOK\r\n");
}

static void chains(void)
{
	start(false);
	say("AT+CGMI;+CGMM\r");
	expect("\r\nvmodem\r\n\r\nXMM7560\r\n\r\nOK\r\n");
	say("AT+CGMI ; +CGMM ;\r");
	expect("\r\nvmodem\r\n\r\nXMM7560\r\n\r\nOK\r\n");
	/* Commands before the error are executed, those after it are not. */
	say("AT+CGMI;+NO;+CGMM\r");
	expect("\r\nvmodem\r\n\r\nERROR\r\n");
	say("ATE0I\r");
	expect("\r\nvmodem XMM7560 vmodem 1.0\r\n\r\nOK\r\n");
	say("ATI+CSQ;E1\r");
	expect("\r\nvmodem XMM7560 vmodem 1.0\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
	say("AT\r");
	expect("AT\r\r\nOK\r\n");
}

static void long_lines(void)
{
	char line[2000];
	size_t n;

	start(false);
	/* Pad the line with spaces up to the limit. */
	for (n = AT_LINE - 2; n < AT_LINE + 3; n++) {
		memset(line, ' ', n);
		memcpy(line, "AT", 2);
		line[n] = '\r';
		fake_rx(ch, line, n + 1);
		expect(n <= AT_LINE ? "\r\nOK\r\n" : "\r\nERROR\r\n");
	}
	memset(line, 'A', sizeof(line));
	for (n = 0; n < 1000; n++)
		fake_rx(ch, line, sizeof(line));
	say("AT\r");
	expect("\r\nERROR\r\n");
	/* Blanks only, but above the limit */
	memset(line, ' ', sizeof(line));
	fake_rx(ch, line, sizeof(line));
	say("\r");
	expect("\r\nERROR\r\n");
	say("AT\r");
	expect("\r\nOK\r\n");
}

static void small_buffers(void)
{
	size_t capacity;

	for (capacity = 1; capacity < 40; capacity++) {
		start(false);
		ch->capacity = capacity;
		say("ATI\r");
		expect("\r\nvmodem XMM7560 vmodem 1.0\r\n\r\nOK\r\n");
	}
}

static void waiting_for_buffers(void)
{
	unsigned int i;

	start(false);
	ch->buffers = 0;
	ch->capacity = 10;
	say("ATI\r");
	expect("");
	fake_post(ch, 1);
	expect("\r\nvmodem X");
	fake_post(ch, 100);
	expect("MM7560 vmodem 1.0\r\n\r\nOK\r\n");

	/*
	 * The host never reads: the output is bounded, and works again
	 * afterwards.
	 */
	ch->buffers = 0;
	ch->capacity = 2048;
	for (i = 0; i < 10000; i++)
		say("ATI\r");
	tap_ok(fake_stat("at.0.queued") <= AT_OUT);
	tap_ok(fake_stat("at.0.dropped") > 0);
	fake_post(ch, 10000);
	tap_is(fake_stat("at.0.queued"), 0);
	tap_ok(strlen(heard()) <= AT_OUT);
	say("AT\r");
	expect("\r\nOK\r\n");

	/* Closing the port drops pending output. */
	ch->buffers = 0;
	say("ATI\r");
	start(true);
	expect("");
}

static void two_channels(void)
{
	struct vm_chan *other = &fake_chan[4];
	struct vm_chan *first = ch;

	start(false);
	fake_open(other, 2048, 100);
	say("AT+CS");
	ch = other;
	say("AT+CGMM\r");
	expect("AT+CGMM\r\r\nXMM7560\r\n\r\nOK\r\n");
	ch = first;
	say("Q\r");
	expect("\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
	tap_is(fake_stat("at.1.lines"), 1);
	fake_close(other);
}

static void states(void)
{
	start(false);
	fake_ctl("registration roaming");
	say("AT+CREG?;+COPS?\r");
	expect("\r\n+CREG: 0,5\r\n\r\n+COPS: 0,0,\"vmodem abroad\",7\r\n\r\nOK\r\n");
	fake_ctl("registration searching");
	say("AT+CREG?;+COPS?\r");
	expect("\r\n+CREG: 0,2\r\n\r\n+COPS: 0\r\n\r\nOK\r\n");
	fake_ctl("registration denied");
	say("AT+CREG?\r");
	expect("\r\n+CREG: 0,3\r\n\r\nOK\r\n");
	fake_ctl("radio off");
	say("AT+CREG?;+CSQ\r");
	expect("\r\n+CREG: 0,0\r\n\r\n+CSQ: 99,99\r\n\r\nOK\r\n");
	fake_ctl("sim pin");
	say("AT+CPIN?\r");
	expect("\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n");
	say("AT+CIMI\r");
	expect("\r\nERROR\r\n");
	fake_ctl("sim puk");
	say("AT+CPIN?\r");
	expect("\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n");
	fake_ctl("sim absent");
	say("AT+CPIN?\r");
	expect("\r\nERROR\r\n");
}

static void settings(void)
{
	start(false);
	say("AT+CFUN?;+CFUN=4;+CFUN?\r");
	expect("\r\n+CFUN: 1\r\n\r\n+CFUN: 4\r\n\r\nOK\r\n");
	tap_ok(!cell_radio(cell_get(&fake_vm)));
	say("AT+CFUN=1\r");
	expect("\r\nOK\r\n");
	tap_ok(cell_radio(cell_get(&fake_vm)));
	fake_ctl("fcc lock");
	say("AT+CFUN=1\r");
	expect("\r\nERROR\r\n");
	fake_ctl("fcc unlock");
	say("AT+CFUN=1\r");
	expect("\r\nOK\r\n");
	say("AT+COPS=3,2;+COPS?\r");
	expect("\r\n+COPS: 0,2,\"00101\",7\r\n\r\nOK\r\n");
	say("AT+COPS=3,0;+COPS?;+COPS=0\r");
	expect("\r\n+COPS: 0,0,\"vmodem net\",7\r\n\r\nOK\r\n");
	say("ATV1+CMEE=0\r");
	expect("\r\nOK\r\n");
	/* Z restores the defaults, including echo. */
	say("AT+CREG=1;+COPS=3,2\r");
	expect("\r\nOK\r\n");
	say("ATZ\r");
	expect("\r\nOK\r\n");
	say("AT+CREG?;+COPS?\r");
	expect("AT+CREG?;+COPS?\r\r\n+CREG: 0,1\r\n\r\n+COPS: 0,0,\"vmodem net\",7\r\n\r\nOK\r\n");
}

static void reports(void)
{
	start(false);
	fake_ctl("registration searching");
	expect("");
	say("AT+CREG=1;+CEREG=2;+CREG?;+CGREG?;+CEREG?\r");
	expect("\r\n+CREG: 1,2\r\n\r\n+CGREG: 0,2\r\n\r\n+CEREG: 2,2\r\n\r\nOK\r\n");
	fake_ctl("signal 3");
	expect("");
	fake_ctl("registration home");
	expect("\r\n+CREG: 1\r\n\r\n+CEREG: 1,\"0001\",\"00000101\",7\r\n");
	say("AT+CEREG?\r");
	expect("\r\n+CEREG: 2,1,\"0001\",\"00000101\",7\r\n\r\nOK\r\n");
	/* The report of a change by a command follows the response. */
	say("AT+CGREG=1;+CFUN=4;+CSQ\r");
	expect("\r\n+CSQ: 99,99\r\n\r\nOK\r\n"
	       "\r\n+CREG: 0\r\n\r\n+CGREG: 0\r\n\r\n+CEREG: 0\r\n");
	/* No report without a request on this channel, or after closing. */
	tap_is(fake_chan[4].sent, fake_chan[4].taken);
	fake_close(ch);
	fake_ctl("radio on");
	tap_is(fake_stat("at.0.queued"), 0);
	start(false);
	fake_ctl("registration roaming");
	expect("");
}

int main(void)
{
	fake_vm.config.device_id = 0x7560;
	if (at_create(&fake_vm))
		return 1;
	TAP_RUN(echo);
	TAP_RUN(commands_and_answers);
	TAP_RUN(unknown_commands);
	TAP_RUN(any_split);
	TAP_RUN(line_ends);
	TAP_RUN(chains);
	TAP_RUN(long_lines);
	TAP_RUN(small_buffers);
	TAP_RUN(waiting_for_buffers);
	TAP_RUN(two_channels);
	TAP_RUN(states);
	TAP_RUN(settings);
	TAP_RUN(reports);
	return tap_end();
}
