// Writing to the terminal or into a pipe, no faster than the reader reads.
import { CommandFailed } from './command-failed.ts';

/** A reader that has seen enough (`tandem cdr | head`) ends the command, quietly and well. */
export function endQuietlyWhenPipeCloses(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
}

export async function print(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value, null, 2)}\n`);
}

export async function printBody(response: Response): Promise<void> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  try {
    for await (const piece of response.body) {
      await print(decoder.decode(piece as Uint8Array, { stream: true }));
    }
  } catch (error) {
    throw new CommandFailed(
      1,
      `the answer broke off and is not whole: ${(error as Error).message}; the log of the node says more`,
    );
  }
}
