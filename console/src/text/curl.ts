// A request as a command to paste, with the headers that this installation reads. Its token stays a shell variable: it
// is not known here, and so it is in no history.
export interface Credentials {
  headers: { appKey: string | null; appToken: string }[];
  bearer: boolean;
}

/** In single quotes a shell takes every character for itself, but for the quote. */
export const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What an integration sends: a header's name and its value. The pair before a token alone, and that before a bearer. */
export function headersOf({ headers }: Credentials, appKey: string, appToken: string): [name: string, value: string][] {
  const pair = headers.find((each) => each.appKey !== null) ?? headers[0];
  if (!pair) return [['Authorization', `Bearer ${appToken}`]];
  return pair.appKey === null ? [[pair.appToken, appToken]] : [[pair.appKey, appKey], [pair.appToken, appToken]];
}

export interface Request {
  method: string;
  url: string;
  appKey: string;
  /** Beside those of the credential. */
  more?: [name: string, value: string][];
  /** With the answer's head. */
  shows?: boolean;
}

const TOKEN = '$APP_TOKEN';

/** Every other text is the caller's: a stranger's method, a path of the catalogue. */
const header = ([name, value]: [name: string, value: string]) =>
  value.endsWith(TOKEN) ? `-H ${quoted(`${name}: ${value.slice(0, -TOKEN.length)}`)}"${TOKEN}"` : `-H ${quoted(`${name}: ${value}`)}`;

const verb = (method: string) => (/^[A-Z]+$/.test(method) ? method : quoted(method));

/** One command, for bash and zsh: whatever way it is pasted, the question for the token does not swallow the rest. */
export function curlOf({ method, url, appKey, more = [], shows }: Request, credentials: Credentials): string {
  const all = [...more, ...headersOf(credentials, appKey, TOKEN)];
  return [
    "printf 'appToken: ' >&2 && read -rs APP_TOKEN && echo >&2 &&",
    `curl ${shows ? '-i ' : ''}${method === 'GET' ? '' : `-X ${verb(method)} `}${quoted(url)}`,
    ...all.map((each) => `  ${header(each)}`),
  ].join(' \\\n');
}
