/* What people are told of the data plane: where it listens, what it reads a credential from. */
#ifndef KEEPER_GATES_H
#define KEEPER_GATES_H

#include "base/buf.h"
#include "keeper/keeper.h"

/* The headers that carry a credential, as configured: {"headers":[{"appKey","appToken"}],"bearer"}
 */
void gates_append_credentials(struct buf *out, const struct families *families);

/* {"listeners":[{"address","account","value"}],"allowed","refused":{CAUSE:COUNT}}: causes that were
 */
void gates_append(struct buf *out, const struct keeper_setup *setup);

#endif
