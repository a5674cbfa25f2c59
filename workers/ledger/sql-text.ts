// Values as SQL text. Statements of a thousand rows are built as one string; everything that is not a number
// goes through here. Strict sessions have backslash escapes (no NO_BACKSLASH_ESCAPES in sql_mode). Double quotes
// stay as they are between single ones: the JSON of attempts is full of them.

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL and Ctrl-Z are what must be escaped
const special = /[\0\b\t\n\r\x1a'\\]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const specials = /[\0\b\t\n\r\x1a'\\]/g;
const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\x1a': '\\Z',
  "'": "\\'",
  '\\': '\\\\',
};

export function sqlText(text: string): string {
  if (!special.test(text)) return `'${text}'`;
  return `'${text.replace(specials, (char) => escapes[char]!)}'`;
}

export function sqlTextOrNull(text: string | null): string {
  return text === null ? 'NULL' : sqlText(text);
}

/** Of a LIKE pattern: what begins with `text`. */
export function sqlPrefix(text: string): string {
  return sqlText(`${text.replaceAll(/[\\%_]/g, (char) => `\\${char}`)}%`);
}

const minuteMs = 60_000;
let cachedMinute = Number.NaN;
let cachedText = '';

/** DATETIME(3) in UTC. CDRs of one batch lie within a few minutes: the minute's text is kept. */
export function sqlTime(ms: number): string {
  const minute = Math.floor(ms / minuteMs);
  if (minute !== cachedMinute) {
    cachedText = new Date(minute * minuteMs).toISOString().slice(0, 17).replace('T', ' ');
    cachedMinute = minute;
  }
  const within = ms - minute * minuteMs;
  const seconds = Math.floor(within / 1000);
  const thousandths = within - seconds * 1000;
  return `'${cachedText}${seconds < 10 ? '0' : ''}${seconds}.${String(thousandths).padStart(3, '0')}'`;
}

export function sqlTimeOrNull(ms: number | null): string {
  return ms === null ? 'NULL' : sqlTime(ms);
}

/** Of what a DATETIME(3) column answers: "2026-01-31 12:00:00.000". */
export function timeOfSql(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}
