/* One-time links as the handlers of keys need them. Source: records/handover.h. */
#ifndef KEEPER_HANDOVERS_H
#define KEEPER_HANDOVERS_H

#include "keeper/keys.h"

/* A fresh link: all of it for the one answer, the digest for the records. */
struct share_link_secret {
	struct buf url;
	uint8_t digest[DIGEST_SIZE];
};
NODISCARD enum status share_link_make(struct api_call *call, struct share_link_secret *out_link);
void share_link_wipe(struct share_link_secret *link);

#endif
