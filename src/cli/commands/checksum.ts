/** checksum: the MD5 of files, of the bytes as they are read here and now. */
import { createHash } from 'node:crypto';
import { shown } from '../format.js';
import { verb } from '../verb.js';

export const checksum = verb({
  name: 'checksum',
  args: '<path...>',
  summary: 'print the MD5 of files; reads them completely',
  options: [],
  examples: [['orchard checksum /data/a.csv', 'the same as md5sum']],
  familiar: 'as `alluxio fs checksum`. `hdfs dfs -checksum` sums blocks, which Orchard has not.',
  run: (shell, args) =>
    shell.eachPath(args, async (path) => {
      const client = await shell.client();
      const hash = createHash('md5');
      for await (const chunk of client.open(path, { signal: shell.signal })) hash.update(chunk);
      const md5 = hash.digest('hex');
      await shell.out.tell(`${shown(path)}\tMD5\t${md5}`, { path, md5 });
    }),
});
