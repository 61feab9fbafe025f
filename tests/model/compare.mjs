// Where reference and engine differ, or null. The reference may leave a cause
// open (OPEN: any text cause or none; a list: one of these).
import { OPEN, TEXT_CAUSES } from './text.mjs';
import { STEPS } from './reference.mjs';

/** The engine's line as an object; see driver.c. */
export function readDecision(line) {
	const [allowed, cause, publicCause, failedStep, trace, needed, proven, key, askedAccount,
		previousToken, profile, resource, limitsAsked] = JSON.parse(line);
	return {
		allowed: allowed === 1, cause, publicCause, failedStep, trace, needed, proven: proven === 1,
		key, askedAccount, previousToken: previousToken === 1, profile, resource, limitsAsked,
	};
}

function fits(expected, actual, nothingToTell) {
	if (Array.isArray(expected))
		return expected.some((one) => fits(one, actual, nothingToTell));
	if (expected === OPEN)
		return TEXT_CAUSES.has(actual) || actual === nothingToTell;
	return expected === actual;
}

export function differences(expected, actual, request) {
	const wrong = [];
	const check = (name, holds, wanted, got) => {
		if (!holds)
			wrong.push(`${name}: reference ${JSON.stringify(wanted)}, engine ${JSON.stringify(got)}`);
	};
	const same = (name) => check(name, expected[name] === actual[name], expected[name], actual[name]);
	same('allowed');
	check('cause', fits(expected.cause, actual.cause, 'credentials_invalid'), expected.cause, actual.cause);
	check('publicCause', fits(expected.publicCause, actual.publicCause, 'credentials_invalid'),
		expected.publicCause, actual.publicCause);
	const trace = expected.trace.join('');
	check('trace', expected.openStep || trace === actual.trace, trace, actual.trace);
	if (!expected.allowed && !actual.allowed && !expected.openStep) {
		check('failedStep', expected.failedStep === actual.failedStep, STEPS[expected.failedStep],
			STEPS[actual.failedStep]);
	}
	if (expected.routeReached && !expected.ambiguous)
		check('needed', String(expected.needed) === String(actual.needed), expected.needed, actual.needed);
	same('proven');
	if (expected.allowed && actual.allowed)
		checkAllowed(expected, actual, check, same);
	// Passed or failed, not skipped: the last step was reached with a key that has limits.
	const limitsAsked = [1, 2].includes(expected.trace[STEPS.length - 1]) && request.limits !== null ? 1 : 0;
	check('limitsAsked', actual.limitsAsked === limitsAsked, limitsAsked, actual.limitsAsked);
	return wrong.length === 0 ? null : wrong;
}

function checkAllowed(expected, actual, check, same) {
	for (const name of ['key', 'askedAccount', 'previousToken'])
		same(name);
	if (expected.grants === null || expected.grants.length === 0)
		return;
	check('grant', expected.grants.some(([p, r]) => p === actual.profile && r === actual.resource),
		expected.grants, [actual.profile, actual.resource]);
}
