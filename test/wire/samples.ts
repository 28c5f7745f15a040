/**
 * One message of every kind with every field set to something that is not its default, and a
 * generator of random ones, for tests of the wire.
 */
import { Builder } from 'flatbuffers';
import * as wire from '../../src/wire/generated/index.js';

const { RequestBody, ReplyBody } = wire;

const attributes = (): wire.XAttrT[] => [
  new wire.XAttrT('user.color', new Uint8Array([0, 1, 255])),
  new wire.XAttrT('user.empty', new Uint8Array(0)),
];

const options = (): wire.KeyValueT[] => [new wire.KeyValueT('endpoint', 'http://[::1]:9000')];

export const inode = (): wire.InodeT =>
  new wire.InodeT(
    2 ** 52 + 1,
    1024,
    2 ** 53 - 1,
    123_456_789_012,
    1_700_000_000_123,
    -1,
    -1,
    1 << 26,
    0o1777,
    wire.InodeType.DIRECTORY,
    255,
    0xffff_ffff,
    7,
    8,
    9,
    -1,
    3,
    2 ** 53 - 2,
  );

export const fileInfo = (): wire.FileInfoT =>
  new wire.FileInfoT(
    inode(),
    'naïve 名前',
    'ann',
    'staff',
    '/a/naïve 名前',
    's3://bucket/a',
    's3://bucket',
    attributes(),
  );

const failure = (): wire.ErrorDetailT => new wire.ErrorDetailT('why', '/where', 'what next', 250);

const createFile = (): wire.CreateFileT =>
  new wire.CreateFileT('/a/f', true, true, 0o640, 1, 5000, 1, 2, 3, attributes(), 1);

const job = (): wire.JobReplyT =>
  new wire.JobReplyT(5, 'load', 2, 10, 20, 3, 4096, '/a', failure(), 1_700_000_000_000, 1);

/** In the order of the union. A body that is missing here fails the test that counts them. */
export const requestBodies: [keyof typeof RequestBody, wire.RequestT['body']][] = [
  ['Hello', new wire.HelloT(1, 2 ** 40 + 3, 'ann', ['staff', 'wheel'], 'test')],
  ['Cancel', new wire.CancelT(77)],
  ['Ping', new wire.PingT()],
  ['OpenSession', new wire.OpenSessionT(7, 2 ** 40 + 4, 'bob', ['staff'], 'agent')],
  ['CloseSession', new wire.CloseSessionT(7)],
  ['GetStatus', new wire.GetStatusT('/a/b', wire.LoadType.ALWAYS, true)],
  ['GetStatusById', new wire.GetStatusByIdT(2 ** 53 - 1, true)],
  ['Exists', new wire.ExistsT('/a', wire.LoadType.NEVER)],
  [
    'ListStatus',
    new wire.ListStatusT('/', true, 10, new Uint8Array([9, 8]), 'm', 5, 'p', false, true, 2),
  ],
  ['BatchGetStatus', new wire.BatchGetStatusT(['/a', '/b', ''], 1, true)],
  ['GetFilePath', new wire.GetFilePathT(1024)],
  ['CheckAccess', new wire.CheckAccessT('/a', 6)],
  ['ContentSummary', new wire.ContentSummaryT('/a', 1, true)],
  ['GetXAttrs', new wire.GetXAttrsT('/a')],
  ['CreateFile', createFile()],
  ['CompleteFile', new wire.CompleteFileT('/a/f', 99, 123, 1_700_000_000_000)],
  ['CreateDirectory', new wire.CreateDirectoryT('/a/d', true, true, 0o700, 1, 2, attributes(), 1)],
  ['BatchCreate', new wire.BatchCreateT([createFile(), createFile()])],
  ['Rename', new wire.RenameT('/a', '/b', true)],
  ['Delete', new wire.DeleteT('/a', true, true, true, true)],
  ['Undelete', new wire.UndeleteT('/a')],
  [
    'SetAttribute',
    new wire.SetAttributeT('/a', true, 0, 'bob', 'ops', -1, 0, false, 0, 0, attributes(), 0, true),
  ],
  ['Trash', new wire.TrashT('/a', true, 7)],
  ['Load', new wire.LoadT('/a', wire.Descendants.ONE, true)],
  ['GetJob', new wire.GetJobT(5)],
  ['CancelJob', new wire.CancelJobT(5)],
  ['ListJobs', new wire.ListJobsT()],
  ['Mount', new wire.MountT('/m', 's3://bucket/x', options(), true, true)],
  ['Unmount', new wire.UnmountT('/m')],
  ['UpdateMount', new wire.UpdateMountT('/m', options(), false, false)],
  ['GetMountTable', new wire.GetMountTableT()],
  ['ReverseResolve', new wire.ReverseResolveT('s3://bucket/x/y')],
  ['GetReport', new wire.GetReportT()],
  ['GetLocks', new wire.GetLocksT()],
  ['GetJournalInfo', new wire.GetJournalInfoT()],
  ['GetConfig', new wire.GetConfigT()],
  ['Inspect', new wire.InspectT(2, '/backups/a', true, 'a/b', 9)],
];

export const replyBodies: [keyof typeof ReplyBody, wire.ReplyT['body']][] = [
  ['Welcome', new wire.WelcomeT(1, '0.1.0', 'cluster', 1 << 20, 1024, 1_700_000_000_000)],
  ['Empty', new wire.EmptyT()],
  ['FileInfo', fileInfo()],
  ['ListPage', new wire.ListPageT([fileInfo(), fileInfo()], new Uint8Array([1, 2]), true, 5)],
  [
    'BatchReply',
    new wire.BatchReplyT([
      new wire.ResultT(0, null, fileInfo()),
      new wire.ResultT(5, failure(), null),
    ]),
  ],
  ['ExistsReply', new wire.ExistsReplyT(true)],
  ['PathReply', new wire.PathReplyT('/a')],
  ['XAttrsReply', new wire.XAttrsReplyT(attributes())],
  ['IdReply', new wire.IdReplyT(1024)],
  ['Summary', new wire.SummaryT(1, 2, 3)],
  ['Progress', new wire.ProgressT(1, 2, 3, 4, 5, '/a')],
  ['JobReply', job()],
  ['JobList', new wire.JobListT([job(), job()])],
  [
    'MountTable',
    new wire.MountTableT([
      new wire.MountInfoT(1, '/', 'file:///x', 'local', options(), true, true),
    ]),
  ],
  ['JsonReply', new wire.JsonReplyT('{"a":1}')],
];

export function encodeRequest(
  call: number,
  name: keyof typeof RequestBody,
  body: wire.RequestT['body'],
  deadlineMs = 0,
  session = 0,
): Uint8Array {
  const builder = new Builder(256);
  const request = new wire.RequestT(call, deadlineMs, RequestBody[name], body, session);
  builder.finish(request.pack(builder));
  return builder.asUint8Array().slice();
}

export function encodeReply(
  call: number,
  name: keyof typeof ReplyBody,
  body: wire.ReplyT['body'],
): Uint8Array {
  const builder = new Builder(256);
  const reply = new wire.ReplyT(call, 5, failure(), true, 2 ** 52, ReplyBody[name], body);
  builder.finish(reply.pack(builder));
  return builder.asUint8Array().slice();
}
