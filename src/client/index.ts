/** The public API of the package: what is not exported here may change at any time. */
export type { CallContext, FileService, OpenFile } from '../api/file-service.js';
export { Upload } from '../api/upload.js';
export type { CodeName } from '../base/status.js';
export { Access } from './access.js';
export type { ConnectOptions, SessionOptions } from './connect-options.js';
export type { DataSource } from './data-channel.js';
export {
  OrchardError,
  type OrchardErrorDetail,
  type PathFailure,
  type WorkOutcome,
} from './errors.js';
export type { WelcomeInfo } from './link.js';
export { OrchardClient } from './orchard-client.js';
export { type Transport, type Wire, type WireEvents, webSocketTransport } from './transport.js';
export type * from './types.js';
export { WireFileService } from './wire-file-service.js';
