/** The S3 server of the demo, for the tests: a real store on loopback. */
export * from '../../src/demo/s3-server.js';
