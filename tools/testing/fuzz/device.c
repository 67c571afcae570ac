// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input, and the device: registers, messages, pipes. It follows the protocol unless
 * the script makes it violate it. It checks what it reads from memory, as long as only
 * the host can have written it.
 */
#include <sanitizer/asan_interface.h>

#include "fuzz.h"
#include "shim.h"

#include "iosm_hw.h"

/* ---- input ---- */

static const u8 *in, *in_end, *script, *script_end;

bool fuzz_begin(const u8 *data, size_t size)
{
	size_t len;

	if (size < 2)
		return false;

	len = data[0] | data[1] << 8;
	if (len > size - 2)
		len = size - 2;
	in = data + 2;
	in_end = data + size - len;
	script = in_end;
	script_end = data + size;

	shim_begin();
	device_begin();
	ports_begin();

	return true;
}

u8 fuzz_u8(void)
{
	return in < in_end ? *in++ : 0;
}

u32 fuzz_u16(void)
{
	u32 low = fuzz_u8();

	return low | (u32)fuzz_u8() << 8;
}

u32 fuzz_u32(void)
{
	u32 low = fuzz_u16();

	return low | fuzz_u16() << 16;
}

size_t fuzz_left(void)
{
	return in_end - in;
}

const u8 *fuzz_rest(size_t *len)
{
	const u8 *rest = in;

	*len = in_end - in;
	in = in_end;

	return rest;
}

u8 fuzz_script(void)
{
	return script < script_end ? *script++ : 0;
}

bool fuzz_scripted(void)
{
	return script < script_end;
}

/* ---- registers ---- */

static void doorbell(unsigned int nr, u32 value);

#define BAR_SIZE	256

static u8 bar[2][BAR_SIZE] __aligned(8);	/* doorbells, scratchpad */

/* State of the device. */
static struct {
	bool gone, running, asleep, master, mute;
	u64 context;
	u32 msg_tail;
	struct {
		bool open;
		u64 ring;
		u32 entries, tail;
	} pipes[IOSM_PIPES];
} state;

static void pad_put(u32 offset, u32 value)
{
	memcpy(bar[1] + offset, &value, sizeof(value));
}

static u32 pad_get(u32 offset)
{
	u32 value;

	memcpy(&value, bar[1] + offset, sizeof(value));

	return value;
}

void *pcim_iomap_region(struct pci_dev *pdev, int nr, const char *name)
{
	(void)pdev;
	(void)name;
	return fuzz_script() >= 0xf0 ? ERR_PTR(-EBUSY) : bar[!!nr];
}

u32 readl(const void *address)
{
	size_t at = (const u8 *)address - bar[1];
	u8 how = fuzz_script();

	CHECK(at <= BAR_SIZE - 4);
	if (state.gone)
		return IOSM_GONE;

	fuzz_violated |= how >= 0x40;
	switch (how >> 6) {
	case 1:
		return how & 0x3f;
	case 2:
		bar[1][at + how % 4] = fuzz_script();
		break;
	case 3:
		if (how == 0xff) {
			state.gone = true;
			return IOSM_GONE;
		}
		/* The numbers that mean something. */
		switch (how & 7) {
		case 0: return IOSM_STAGE_BOOT;
		case 1: return IOSM_STAGE_PSI;
		case 2: return IOSM_STAGE_EBL;
		case 3: return IOSM_STAGE_CRASH;
		case 4: return IOSM_STAGE_CD_READY;
		case 5: return IOSM_STAGE_RUN;
		default: return IOSM_GONE;
		}
	}

	return pad_get(at);
}

void writel(u32 value, void *address)
{
	size_t at = (u8 *)address - bar[0];

	if (at < IOSM_DOORBELL_LEN) {
		CHECK(at % 32 == 16);
		doorbell(at / 32, value);
		return;
	}
	at = (u8 *)address - bar[1];
	CHECK(at <= BAR_SIZE - 4);
	pad_put(at, value);
}

/* Of the configuration there is only what the driver may touch. */
int pci_read_config_word(struct pci_dev *pdev, int where, u16 *value)
{
	(void)pdev;
	CHECK(where == PCI_COMMAND);
	*value = state.gone ? 0xffff : state.master ? PCI_COMMAND_MASTER : 0;

	return 0;
}

int pci_write_config_word(struct pci_dev *pdev, int where, u16 value)
{
	(void)pdev;
	CHECK(where == PCI_COMMAND);
	state.master = value & PCI_COMMAND_MASTER;

	return 0;
}

/* ---- shared memory ---- */

static u8 *word_at(u64 dma, unsigned int index)
{
	return fuzz_dma(dma + 4 * index, 4, false);
}

static u32 word_get(u64 dma, unsigned int index)
{
	u8 *at = word_at(dma, index);
	u32 word = 0;

	if (at)
		memcpy(&word, at, sizeof(word));

	return word;
}

static void word_put(u64 dma, unsigned int index, u32 word)
{
	u8 *at = word_at(dma, index);

	if (at)
		memcpy(at, &word, sizeof(word));
}

static void context_get(struct iosm_context_info *ctx)
{
	u8 *at = fuzz_dma(state.context, sizeof(*ctx), false);

	memset(ctx, 0, sizeof(*ctx));
	if (at)
		memcpy(ctx, at, sizeof(*ctx));
}

/* May it do DMA at all? */
static bool is_up(void)
{
	return state.running && state.master && !state.gone;
}

static void info_put(unsigned int word, u32 value)
{
	struct iosm_context_info ctx;

	if (!is_up())
		return;
	context_get(&ctx);
	word_put(le64_to_cpu(ctx.device_info), word, value);
}

void fuzz_device_gone(void)
{
	state.gone = true;
}

void fuzz_device_stage(u32 stage)
{
	pad_put(IOSM_PAD_STAGE, stage);
	info_put(0, stage);
}

void fuzz_device_sleep(u32 request)
{
	info_put(2, request);
}

static void link_up(void)
{
	state.context = pad_get(IOSM_PAD_CONTEXT) |
			(u64)pad_get(IOSM_PAD_CONTEXT + 4) << 32;
	memset(state.pipes, 0, sizeof(state.pipes));
	state.msg_tail = 0;
	state.asleep = false;
	state.running = true;
	info_put(1, IOSM_IPC_RUNNING);
	info_put(0, IOSM_STAGE_RUN);
}

static void doorbell(unsigned int nr, u32 value)
{
	switch (nr) {
	case IOSM_DB_HPDA:
		/* It must never be disturbed, whatever it said. */
		CHECK(!state.asleep);
		break;
	case IOSM_DB_IPC:
		state.asleep = false;
		if (fuzz_script() >= 0xf0)
			break;
		pad_put(IOSM_PAD_IPC_STATE, value);
		if (value == IOSM_IPC_RUNNING)
			link_up();
		else
			state.running = false;
		break;
	case IOSM_DB_SLEEP:
		if (value == IOSM_SLEEP_CTL_SLEEP) {
			CHECK(!state.asleep);
			state.asleep = true;
		} else if (value == IOSM_SLEEP_CTL_WAKEUP) {
			CHECK(state.asleep);
			if (fuzz_script() < 0x80)
				fuzz_device_sleep(IOSM_SLEEP_REQ_ACTIVE);
		} else {
			state.asleep = value == IOSM_SLEEP_CTL_FORCE_SLEEP;
		}
		break;
	}
}

/* ---- messages ---- */

static void pipe_open(const struct iosm_msg_entry *msg)
{
	u32 entries = msg->arg0 | (u32)msg->arg1 << 8;

	if (msg->arg2 >= IOSM_PIPES || entries < 2) {
		CHECK(fuzz_violated);
		return;
	}
	if (!fuzz_dma(le64_to_cpu(msg->address),
		      entries * sizeof(struct iosm_td), false))
		return;
	state.pipes[msg->arg2].open = true;
	state.pipes[msg->arg2].ring = le64_to_cpu(msg->address);
	state.pipes[msg->arg2].entries = entries;
	state.pipes[msg->arg2].tail = 0;
}

static void message(const struct iosm_msg_entry *msg)
{
	switch (msg->type) {
	case IOSM_MSG_OPEN_PIPE:
		pipe_open(msg);
		break;
	case IOSM_MSG_CLOSE_PIPE:
	case IOSM_MSG_ABORT_PIPE:
		if (msg->arg2 < IOSM_PIPES)
			state.pipes[msg->arg2].open = false;
		break;
	case IOSM_MSG_SLEEP:
	case IOSM_MSG_FEATURE_SET:
		break;
	default:
		CHECK(fuzz_violated);
	}
}

static void messages(const struct iosm_context_info *ctx, u32 status)
{
	u32 head = word_get(le64_to_cpu(ctx->msg_head), 0);
	struct iosm_msg_entry msg;
	u32 word = status;
	u8 *at;

	CHECK(head < IOSM_MSG_ENTRIES || fuzz_violated);
	while (state.msg_tail != head && head < IOSM_MSG_ENTRIES) {
		at = fuzz_dma(le64_to_cpu(ctx->msg_ring) +
			      state.msg_tail * sizeof(msg), sizeof(msg), false);
		if (!at)
			return;
		memcpy(&msg, at, sizeof(msg));
		if (status == IOSM_MSG_SUCCESS)
			message(&msg);
		memcpy(at + offsetof(struct iosm_msg_entry, status), &word,
		       sizeof(word));
		state.msg_tail = (state.msg_tail + 1) % IOSM_MSG_ENTRIES;
	}
	word_put(le64_to_cpu(ctx->msg_tail), 0, state.msg_tail);
}

/* ---- pipes ---- */

static bool td_next(const struct iosm_context_info *ctx, unsigned int nr,
		    struct iosm_td *td)
{
	u32 head = word_get(le64_to_cpu(ctx->head_array), nr);
	u8 *at;

	CHECK(head < state.pipes[nr].entries || fuzz_violated);
	if (head >= state.pipes[nr].entries || state.pipes[nr].tail == head)
		return false;

	at = fuzz_dma(state.pipes[nr].ring +
		      state.pipes[nr].tail * sizeof(*td), sizeof(*td), false);
	if (!at)
		return false;
	memcpy(td, at, sizeof(*td));

	return true;
}

static void td_done(const struct iosm_context_info *ctx, unsigned int nr,
		    u32 size, u8 status)
{
	u32 word = (size & IOSM_TD_SIZE_MASK) | (u32)status << 24;

	word_put(state.pipes[nr].ring +
		 state.pipes[nr].tail * sizeof(struct iosm_td) + 8, 0, word);
	state.pipes[nr].tail++;
	if (state.pipes[nr].tail == state.pipes[nr].entries)
		state.pipes[nr].tail = 0;
	word_put(le64_to_cpu(ctx->tail_array), nr, state.pipes[nr].tail);
}

/* What is sent must be there: freed memory shows here. */
static void uplink(const struct iosm_context_info *ctx, unsigned int nr,
		   unsigned int most, u8 status)
{
	struct iosm_td td;
	u32 size;
	u8 *at;

	while (most-- && state.pipes[nr].open && td_next(ctx, nr, &td)) {
		size = le32_to_cpu(td.size_status) & IOSM_TD_SIZE_MASK;
		at = fuzz_dma(le64_to_cpu(td.address), size, false);
		CHECK(!at || !__asan_region_is_poisoned(at, size));
		td_done(ctx, nr, size, status);
	}
}

/*
 * The script: 1 leaves messages alone, 2 leaves UL TDs alone, 4 takes just one
 * of each, 8 completes with what the next byte says.
 */
void fuzz_device(void)
{
	struct iosm_context_info ctx;
	u8 how, status = 0;
	unsigned int nr;

	if (!is_up() || state.asleep)
		return;

	how = fuzz_script();
	if (how & 8)
		status = fuzz_script() % 8;
	context_get(&ctx);
	if (!(how & 1) && !state.mute)
		messages(&ctx, how & 8 ? status : IOSM_MSG_SUCCESS);
	for (nr = 0; nr < IOSM_PIPES && !(how & 2); nr += 2)
		uplink(&ctx, nr, how & 4 ? 1 : 100,
		       how & 8 ? status : IOSM_TD_END);
}

void fuzz_device_send(unsigned int channel, const void *data, u32 len,
		      u8 status)
{
	unsigned int nr = 2 * channel + 1;
	struct iosm_context_info ctx;
	struct iosm_td td;
	u32 size;
	u8 *at;

	if (!is_up() || nr >= IOSM_PIPES || !state.pipes[nr].open)
		return;

	context_get(&ctx);
	if (!td_next(&ctx, nr, &td))
		return;
	size = le32_to_cpu(td.size_status) & IOSM_TD_SIZE_MASK;
	at = fuzz_dma(le64_to_cpu(td.address), size, true);
	if (at)
		fuzz_poke(at, data, len < size ? len : size);
	td_done(&ctx, nr, len, status);
}

void device_begin(void)
{
	memset(&state, 0, sizeof(state));
	memset(bar, 0, sizeof(bar));
	pad_put(IOSM_PAD_STAGE, IOSM_STAGE_RUN);
	pad_put(IOSM_PAD_CHIP_INFO, (IOSM_CHIP_INFO_LEN - 2) << 8);
	pad_put(IOSM_PAD_CP_VERSION, IOSM_CP_VERSION_CAPS);
	pad_put(IOSM_PAD_CP_CAPS, IOSM_CAP_UL_AGGR | IOSM_CAP_DL_AGGR);
}

/* D3 and back: whatever was agreed on before, both are awake now. */
void fuzz_device_power(void)
{
	state.asleep = false;
}

void fuzz_device_mute(bool mute)
{
	state.mute = mute;
}

/* Does it believe in a link? */
bool fuzz_device_runs(void)
{
	return state.running;
}

bool fuzz_device_has_open(unsigned int pipe)
{
	return state.pipes[pipe].open;
}
