// Every bad line of a deck. The first are told in full; of the others the numbers are kept, in runs, so that a
// file of which every line is bad costs no memory and still has every line named.
import type { DeckProblem } from '../../core/deck/deck-reader.ts';

export interface DeckProblems {
  /** Field by field, in order of line. */
  readonly problems: readonly DeckProblem[];
  /** All of them, those told included. */
  readonly badLines: number;
  /** Lines that are bad beside those told: "20001-1000000, 1000003"; '' where all are told. */
  readonly furtherLines: string;
}

/** Told in full. */
export const toldMax = 10_000;

export class DeckProblemList {
  readonly #told: DeckProblem[] = [];
  readonly #further: number[] = [];
  readonly #lines = new Set<number>();
  #lastRunEnd = -1;
  #badLines = 0;
  #lastLine = -1;

  get isEmpty(): boolean {
    return this.#badLines === 0;
  }

  add(problem: DeckProblem): void {
    const { line } = problem;
    const isNew = line !== this.#lastLine && !this.#lines.has(line);
    this.#lastLine = line;
    if (this.#told.length < toldMax) {
      this.#told.push(problem);
      this.#lines.add(line);
      if (isNew) this.#badLines++;
      return;
    }
    if (!isNew) return;
    this.#badLines++;
    // Runs of lines, as first and last.
    if (line === this.#lastRunEnd + 1) this.#further[this.#further.length - 1] = line;
    else this.#further.push(line, line);
    this.#lastRunEnd = line;
  }

  list(): DeckProblems {
    const runs: string[] = [];
    for (let at = 0; at < this.#further.length; at += 2) {
      const [first, last] = [this.#further[at]!, this.#further[at + 1]!];
      runs.push(first === last ? String(first) : `${first}-${last}`);
    }
    return {
      problems: this.#told.sort((left, right) => left.line - right.line),
      badLines: this.#badLines,
      furtherLines: runs.join(', '),
    };
  }
}
