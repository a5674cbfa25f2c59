// Run as a process or as a thread by stores.test.ts: adds one to a shared counter, many times.
import { openConfigurationStore, type StoreKind } from '../../workers/configuration/open-store.ts';

const [dataDir, kind, rounds] = process.argv.slice(2) as [string, StoreKind, string];
const store = await openConfigurationStore(dataDir, { kind });
for (let round = 0; round < Number(rounds); round++) {
  store.transaction((transaction) => {
    const value = transaction.get('counter');
    const count = value === undefined ? 0 : Number(Buffer.from(value).toString());
    transaction.put('counter', Buffer.from(String(count + 1)));
  });
}
await store.close();
