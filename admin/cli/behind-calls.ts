// The first import of main.ts: commands that may take seconds of a processor (a document of a million prefixes, the
// CDRs of a day) give way to the calls on the same machine, from before their modules are loaded. The short ones
// keep their priority: whoever asks for the status of a node under load wants it now.
import { lowerProcessPriority } from '../../workers/background-priority.ts';

const longCommands: readonly string[] = ['apply', 'cdr', 'config', 'export'];

if (longCommands.includes(process.argv[2] ?? '')) lowerProcessPriority(process.pid);
