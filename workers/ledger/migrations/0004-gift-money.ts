// What gift money paid of a call, in the pattern of the daily tables and in those that are there. Put at the end of a
// table a column with a default costs nothing, however many rows there are.
export const giftMoney: {
  readonly name: string;
  readonly statements: readonly string[];
  readonly cdrColumn: { readonly name: string; readonly definition: string };
} = {
  name: 'gift-money',
  statements: [],
  cdrColumn: { name: 'gift_fee', definition: 'DECIMAL(20,8) NOT NULL DEFAULT 0' },
};
