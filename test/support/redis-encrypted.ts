import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './ports.ts'
import { startRedis } from './redis.ts'

/** A Redis that speaks TLS, with a certificate of its own for `localhost`. */
export interface EncryptedRedis extends AsyncDisposable {
  readonly url: string
  /** The file of the certificate that it is known by. */
  readonly certificate: string
}

const execute = promisify(execFile)

export const startEncryptedRedis = async (): Promise<EncryptedRedis> => {
  const folder = mkdtempSync(join(tmpdir(), 'roomlog-redis-tls-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await execute('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', certificate, ...names])
  const port = await freePort()
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate]
  const redis = await startRedis('--tls-port', String(port), ...files, '--tls-auth-clients', 'no')
  return {
    url: `rediss://localhost:${port}`,
    certificate,
    [Symbol.asyncDispose]: async () => {
      await redis[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
