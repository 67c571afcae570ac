/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MBIM messages put together and taken apart by hand, so that fragments are
 * under the test's control. All return 0 or a negative errno; @fd is an open
 * port, non-blocking or not.
 */
#ifndef MBIMRAW_H
#define MBIMRAW_H

#include <stddef.h>
#include <stdint.h>

#define MBIM_STATUS_NO_DEVICE_SUPPORT	9

/* One answer, its fragments joined */
struct mbim_answer {
	uint32_t type;		/* message type of the answer */
	uint32_t status;	/* of OPEN_DONE, COMMAND_DONE, FUNCTION_ERROR */
	unsigned int fragments;
	size_t len;		/* of the information buffer */
};

/* MBIM_OPEN with that control transfer size, which later calls keep to. */
int mbim_open(int fd, uint32_t max_transfer, struct mbim_answer *a);
int mbim_close(int fd, struct mbim_answer *a);
/* A query of Basic Connect without information buffer. */
int mbim_query(int fd, uint32_t cid, struct mbim_answer *a);
/* CONNECT set, in fragments of the negotiated size. */
int mbim_connect(int fd, uint32_t session, struct mbim_answer *a,
		 unsigned int *sent);
/* The first of two fragments, and then not its second. */
int mbim_half(int fd, struct mbim_answer *a);

#endif
