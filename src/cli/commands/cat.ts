/** cat: the bytes of files on standard output. */
import { verb } from '../verb.js';

export const cat = verb({
  name: 'cat',
  args: '<path...>',
  summary: 'print files',
  options: [],
  examples: [
    ['orchard cat /data/a.csv', 'one file'],
    ["orchard cat '/logs/*.gz' | gunzip", 'several, one after the other'],
  ],
  run: (shell, args) =>
    shell.eachPath(args, async (path) => {
      const client = await shell.client();
      for await (const chunk of client.open(path, { signal: shell.signal })) {
        await shell.out.bytes(chunk);
      }
    }),
});
