// Imported for what it does: after the last test of a file, kills the programs that its tests started and
// did not stop. A test that fails half-way leaves them running, and a running child keeps the process of
// the test file, and with it the whole run, waiting for ever.
import { after } from 'node:test';
import { killStartedChildren } from '../../bench/peers/child.ts';

after(killStartedChildren);
