// A file that cannot be read as a rate deck at all, as opposed to one with bad lines.

export class DeckUnreadable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'DeckUnreadable';
  }
}
