/* Invitations to own an account. */
#include "records/owner.h"

#include "records/account.h"
#include "records/store.h"

#include <stdio.h>

static enum status invitation_read(
	struct db *db, uint32_t account_slot, struct record_invitation *out_invitation)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db,
		"SELECT user_slot, created_at_us, expires_at_us FROM owner_invitations"
		" WHERE account_slot = $1",
		&row, DB_INT(account_slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st == ST_OK)
		*out_invitation = (struct record_invitation){ .account_slot = account_slot,
			.user_slot = (uint32_t)db_int(row, 0),
			.created_at_us = db_int(row, 1),
			.expires_at_us = db_int(row, 2) };
	return st;
}

enum status snapshot_invitation(
	struct snapshot *snapshot, uint32_t account_slot, struct record_invitation *out_invitation)
{
	return snapshot_note(snapshot, invitation_read(snapshot->db, account_slot, out_invitation));
}

/* ---- changing ---- */

static void append_invitation(struct buf *out, const struct record_invitation *invitation)
{
	buf_append_char(out, '{');
	json_number(out, "invited", invitation->user_slot);
	json_time(out, "createdAt", invitation->created_at_us);
	json_time(out, "expiresAt", invitation->expires_at_us);
	buf_append_char(out, '}');
}

/* An event of the invited user's; NULL: there is no invitation before or after it. */
static enum status invitation_event(struct change *change, const char *action,
	const struct record_invitation *before, const struct record_invitation *after)
{
	const struct record_invitation *about = after != NULL ? after : before;
	char before_memory[200], after_memory[200], id[24];
	struct buf was = BUF_ARRAY(before_memory), is = BUF_ARRAY(after_memory);

	if (before != NULL)
		append_invitation(&was, before);
	if (after != NULL)
		append_invitation(&is, after);
	snprintf(id, sizeof(id), "user:%u", about->user_slot);
	return change_event(change, &(struct event_about){ .action = action,
					    .account_slot = about->account_slot,
					    .kind = ENTITY_USER,
					    .slot = about->user_slot,
					    .id = span_str(id),
					    .before = before != NULL ? buf_span(&was) : SPAN_ABSENT,
					    .after = after != NULL ? buf_span(&is) : SPAN_ABSENT });
}

static enum status invitation_delete(struct change *change, uint32_t account_slot)
{
	return db_run(change_db(change), "DELETE FROM owner_invitations WHERE account_slot = $1",
		DB_INT(account_slot));
}

/* The invitation of an account; ST_NOT_FOUND with its complaint. */
static enum status invitation_of(struct change *change, uint32_t account_slot,
	struct record_invitation *out_invitation, struct complaint *complaint)
{
	enum status st = invitation_read(change_db(change), account_slot, out_invitation);

	if (st == ST_NOT_FOUND)
		complaint_set(complaint, "records.no_invitation", 0);
	return st;
}

enum status owner_invite(struct change *change, uint32_t user_slot, struct complaint *complaint)
{
	struct record_user user = { 0 };
	struct record_invitation old, invitation;
	enum status found = ST_NOT_FOUND, st = change_enter(change);

	if (st == ST_OK)
		st = user_read(change_db(change), user_slot, change->arena, &user);
	if (st == ST_OK)
		st = change_need_owner(change, user.account_slot, complaint);
	st = complain_missing(st, ENTITY_USER, complaint);
	if (st == ST_OK)
		st = owner_fit_invited(&user, complaint);
	if (st == ST_OK) {
		found = invitation_read(change_db(change), user.account_slot, &old);
		st = found == ST_NOT_FOUND ? ST_OK : found;
	}
	if (st != ST_OK)
		return change_leave(change, st);
	invitation = (struct record_invitation){ .account_slot = user.account_slot,
		.user_slot = user_slot,
		.created_at_us = change->now_us,
		.expires_at_us = change->now_us + OWNER_INVITATION_VALID_US };
	st = db_run(change_db(change),
		"INSERT INTO owner_invitations (account_slot, user_slot, created_at_us,"
		" expires_at_us) VALUES ($1, $2, $3, $4) ON CONFLICT (account_slot) DO UPDATE SET"
		" user_slot = excluded.user_slot, created_at_us = excluded.created_at_us,"
		" expires_at_us = excluded.expires_at_us",
		DB_INT(invitation.account_slot), DB_INT(user_slot),
		DB_INT(invitation.created_at_us), DB_INT(invitation.expires_at_us));
	if (st == ST_OK)
		st = invitation_event(
			change, "owner.invite", found == ST_OK ? &old : NULL, &invitation);
	return change_leave(change, st);
}

/* The invited user acts, whatever became of his session meanwhile. */
static bool is_invited(const struct change *change, const struct record_invitation *invitation)
{
	return change->actor.kind == ACTOR_USER && change->actor.user_slot == invitation->user_slot;
}

enum status owner_invitation_cancel(
	struct change *change, uint32_t account_slot, struct complaint *complaint)
{
	struct record_invitation invitation;
	struct holding holding;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = invitation_of(change, account_slot, &invitation, complaint);
	if (st == ST_OK && is_invited(change, &invitation))
		st = change_holding(change, &holding, complaint);
	else if (st == ST_OK)
		st = complain_missing(change_need_owner(change, account_slot, complaint),
			ENTITY_ACCOUNT, complaint);
	if (st == ST_OK)
		st = invitation_delete(change, account_slot);
	if (st == ST_OK)
		st = invitation_event(change, "owner.cancel", &invitation, NULL);
	return change_leave(change, st);
}

static enum status accept_check(struct change *change, const struct record_invitation *invitation,
	struct complaint *complaint)
{
	struct record_user user;
	struct holding holding;
	enum status st;

	if (!is_invited(change, invitation)) {
		complaint_set(complaint, "records.only_invited", 0);
		return ST_DENIED;
	}
	if (change->now_us >= invitation->expires_at_us) {
		complaint_set(complaint, "records.invitation_expired", 0);
		return ST_CONFLICT;
	}
	/* He, his account and his session are still there. */
	st = change_holding(change, &holding, complaint);
	if (st == ST_OK)
		st = user_read(change_db(change), invitation->user_slot, change->arena, &user);
	return st != ST_OK ? st : owner_fit_invited(&user, complaint);
}

enum status owner_invitation_accept(
	struct change *change, uint32_t account_slot, struct complaint *complaint)
{
	struct record_invitation invitation;
	enum status st = change_enter(change);

	if (st == ST_OK)
		st = invitation_of(change, account_slot, &invitation, complaint);
	if (st == ST_OK)
		st = accept_check(change, &invitation, complaint);
	if (st == ST_OK)
		st = invitation_delete(change, account_slot);
	if (st == ST_OK)
		st = invitation_event(change, "owner.accept", &invitation, NULL);
	if (st == ST_OK)
		st = owner_move(change, invitation.user_slot, true, complaint);
	return change_leave(change, st);
}

/* out_there: somebody is invited to own this user's account. */
static enum status invitation_near(struct change *change, uint32_t user_slot,
	struct record_invitation *out_invitation, bool *out_there)
{
	struct record_user user;
	enum status st = user_read(change_db(change), user_slot, change->arena, &user);

	if (st == ST_OK)
		st = invitation_read(change_db(change), user.account_slot, out_invitation);
	*out_there = st == ST_OK;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

static enum status invitation_take_back(
	struct change *change, const struct record_invitation *invitation)
{
	enum status st = invitation_delete(change, invitation->account_slot);

	return st != ST_OK ? st : invitation_event(change, "owner.cancel", invitation, NULL);
}

enum status invitation_drop(struct change *change, uint32_t user_slot)
{
	struct record_invitation invitation;
	bool there;
	enum status st = invitation_near(change, user_slot, &invitation, &there);

	return st != ST_OK || !there ? st : invitation_take_back(change, &invitation);
}

enum status invitation_drop_of(struct change *change, uint32_t user_slot)
{
	struct record_invitation invitation;
	bool there;
	enum status st = invitation_near(change, user_slot, &invitation, &there);

	if (st != ST_OK || !there || invitation.user_slot != user_slot)
		return st;
	return invitation_take_back(change, &invitation);
}
