/**
 * The Reply frame that says that a path does not exist; src/master/ops/mechanism/failures.ts has
 * the same sentences.
 *
 *   0      4              14                   24            44                  60
 *  ┌──────┬──────────────┬────────────────────┬─────────────┬───────────────────┬───────┐
 *  │ root │ vtable Reply │ vtable ErrorDetail │ table Reply │ table ErrorDetail │ texts │
 *  └──────┴──────────────┴────────────────────┴─────────────┴───────────────────┴───────┘
 *   Reply: 0 to vtable │ 4 error ↓ │ 8 call │ 16 code
 *   ErrorDetail: 0 to vtable │ 4 reason ↓ │ 8 path ↓ │ 12 hint ↓
 */
import { openText, putText } from './file-info';
import { CODE_NOT_FOUND } from './generated/layout';
import { MISSING_HEAD, MISSING_HEAD_BODY_VTABLE } from './generated/wire';

const REPLY_VTABLE: u32 = 4;
const REPLY_TABLE: u32 = 24;
const DETAIL_TABLE: u32 = 44;
const TEXTS: u32 = 60;

const BEFORE = 'Path "';
const BEHIND = '" does not exist.';
const HINT = 'Check the spelling, or list the parent directory.';

/** Bytes of the frame at `out`, for a cleaned path. */
export function putMissingReply(call: u64, path: usize, pathBytes: u32, out: usize): u32 {
  v128.store(out, v128.load(MISSING_HEAD));
  store<u64>(out, load<u64>(MISSING_HEAD, 16), 16);
  const reply = out + REPLY_TABLE;
  store<u32>(reply, REPLY_TABLE - REPLY_VTABLE);
  store<u32>(reply, DETAIL_TABLE - REPLY_TABLE - 4, 4);
  store<u64>(reply, call, 8);
  store<u32>(reply, CODE_NOT_FOUND, 16);
  const detail = out + DETAIL_TABLE;
  store<u32>(detail, DETAIL_TABLE - MISSING_HEAD_BODY_VTABLE);
  let at: usize = out + TEXTS;
  store<u32>(detail, u32(at - detail) - 4, 4);
  at = putReason(at, path, pathBytes);
  store<u32>(detail, u32(at - detail) - 8, 8);
  at = putText(at, path, pathBytes);
  store<u32>(detail, u32(at - detail) - 12, 12);
  return u32(putWords(at, HINT) - out);
}

function putReason(at: usize, path: usize, pathBytes: u32): usize {
  const end = openText(at, BEFORE.length + pathBytes + BEHIND.length);
  const text = putAscii(at + 4, BEFORE);
  memory.copy(text, path, pathBytes);
  putAscii(text + pathBytes, BEHIND);
  return end;
}

function putWords(at: usize, text: string): usize {
  const end = openText(at, text.length);
  putAscii(at + 4, text);
  return end;
}

/** Literals are UTF-16 in memory. */
function putAscii(at: usize, text: string): usize {
  const from = changetype<usize>(text);
  for (let i = 0; i < text.length; i++) store<u8>(at + i, u8(load<u16>(from + (i << 1))));
  return at + text.length;
}
