/** As much of Redis as the bench asks of it: SET, GET, DEL, in order. */
import type { Fake } from './fake-peers.js';

export const fakeRedis: Fake = (socket, files) => {
  let pending = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    pending += text;
    for (;;) {
      const command = /^\*(\d)\r\n((?:\$\d+\r\n[^\r]*\r\n)*)/.exec(pending);
      const parts = command?.[2]?.match(/[^\r\n]+/g) ?? [];
      if (command === null || parts.length < Number(command[1]) * 2) return;
      pending = pending.slice(command[0].length);
      const [name, key = ''] = parts.filter((_, i) => i % 2 === 1);
      if (name === 'SET') {
        files.add(key);
        socket.write('+OK\r\n');
      } else if (name === 'GET') socket.write(files.has(key) ? '$3\r\nabc\r\n' : '$-1\r\n');
      else if (name === 'DEL') socket.write(files.delete(key) ? ':1\r\n' : ':0\r\n');
      else socket.write('-ERR unknown command\r\n');
    }
  });
};
