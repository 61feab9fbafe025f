// Every page of the console in every state, by name: one walk through a real installation, with its owner and somebody
// else. What looks at the states is told: `see(name, stage, options)`.
import { Stage } from '../lib/stage.mjs';
import { Town } from '../lib/town.mjs';
import * as around from './around.mjs';
import { diagnose } from './diagnose.mjs';
import { enrolment, login } from './doors.mjs';
import { firstDay } from './empty.mjs';
import * as keys from './keys.mjs';
import * as others from './others.mjs';
import * as open from './public.mjs';
import { offered, somebody } from './somebody.mjs';

// `leave`, if given, is called with the owner's stage and the pages that he was led to, before it is closed.
export async function walk(browser, lang, look, leave) {
  const seen = new Set();
  const seeing = (stage) => async (name, options = {}, other = stage) => {
    if (seen.has(name)) throw new Error(`two states are called ${name}`);
    seen.add(name);
    if (!options.moves) await other.still();
    await look(name, other, options);
  };
  const town = await Town.open(lang);
  try {
    const owner = await Stage.open(browser, town);
    const see = seeing(owner);
    await enrolment(owner, see);
    await firstDay(owner, see);
    await town.grow();
    await login(owner, see);
    for (const chapter of [around.frame, keys.lists, keys.states, keys.dialogs, keys.creation, others.profiles, others.users, others.catalog, others.events, diagnose,
      others.settings, others.own, around.secondFactor, around.lost]) await chapter(owner, see);
    const other = await Stage.open(browser, town);
    await somebody(other, seeing(other));
    await offered(owner, other, seeing(other));
    await leave?.(owner, [...owner.led]);
    await Promise.all([owner.close(), other.close()]);
    const stranger = await Stage.open(browser, town);
    for (const chapter of [open.checking, open.causes, open.sharing]) await chapter(stranger, seeing(stranger));
    await stranger.close();
  } finally {
    await town.close();
  }
  return [...seen];
}
