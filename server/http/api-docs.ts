import { errorCodes } from '../../schema/error-codes.ts'
import type { Api } from './api.ts'

type Document = ReturnType<Api['getOpenAPI31Document']>
type Operation = NonNullable<NonNullable<Document['paths']>[string]['get']>

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

/** The description of all routes added so far: as OpenAPI, and as a page that needs no script. */
export const addApiDocs = (api: Api): void => {
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Where no auth is configured, a request without a token is one of an anonymous guest.'
  })
  const document = api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Roomlog',
      version: '1',
      description:
        'Every room is an append-only log in Postgres. An answer to a write means that it is committed.'
    },
    security: [{ token: [] }]
  })
  const page = toPage(document)
  api.get('/api/openapi.json', (c) => c.json(document))
  api.get('/api', (c) =>
    c.html(page, 200, {
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'`
    })
  )
}

const toPage = (document: Document): string => {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      return operation ? [toSection(method, path, operation)] : []
    })
  )
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${toHtml(document.info.title)} API</title><style>${style}</style>
<main>
<h1>${toHtml(document.info.title)} API</h1>
<p>${toHtml(document.info.description ?? '')}</p>
<p>Send a token as <code>Authorization: Bearer &lt;token&gt;</code>. In a path the name of a room is
percent-encoded: <code>form%2F42</code>. For programs: <a href="/api/openapi.json">openapi.json</a>.</p>
${operations.join('\n')}
<h2>Shapes</h2>
${Object.entries(document.components?.schemas ?? {})
  .map(toShape)
  .join('\n')}
<h2 id="errors">Errors</h2>
<p>As <code>application/problem+json</code>. Decide by <code>code</code>; where it says retry, the same
request may succeed later.</p>
<table><tr><th>code</th><th>status</th><th>retry</th><th></th></tr>
${Object.entries(errorCodes).map(toErrorRow).join('\n')}
</table>
</main></html>`
}

const toSection = (method: string, path: string, operation: Operation): string => {
  const parameters = (operation.parameters ?? []).flatMap((parameter) =>
    'name' in parameter
      ? [
          `<li><code>${toHtml(parameter.name)}</code> ${toHtml(parameter.in)}: ${toText(describe(parameter))}</li>`
        ]
      : []
  )
  const body =
    operation.requestBody && 'content' in operation.requestBody ? operation.requestBody.content : null
  return `<details><summary><b>${method.toUpperCase()}</b> <code>${toHtml(path)}</code>
<span>${toText(operation.summary ?? '')}</span></summary>
${operation.description ? `<p>${toText(operation.description)}</p>` : ''}
${parameters.length > 0 ? `<ul>${parameters.join('')}</ul>` : ''}
${body ? `<h3>Body</h3>${toContent(body)}` : ''}
${Object.entries(operation.responses ?? {})
  .map(toResponse)
  .join('')}
</details>`
}

const describe = (parameter: { description?: string; schema?: unknown }): string => {
  const schema = parameter.schema
  const own =
    typeof schema === 'object' && schema !== null && 'description' in schema ? schema.description : ''
  return parameter.description ?? String(own ?? '')
}

const toResponse = ([status, response]: [string, { description?: string; content?: Content }]): string =>
  status === 'default'
    ? '<p>Otherwise a <a href="#shape-Problem">problem</a>, see <a href="#errors">errors</a>.</p>'
    : `<h3>${toHtml(status)} ${toText(response.description ?? '')}</h3>${toContent(response.content ?? {})}`

type Content = Record<string, { schema?: unknown }>

const toContent = (content: Content): string =>
  Object.entries(content)
    .map(([type, { schema }]) => `<p>${toHtml(type)}</p><pre>${toJson(schema)}</pre>`)
    .join('')

const toShape = ([name, schema]: [string, unknown]): string =>
  `<details id="shape-${toHtml(name)}"><summary><code>${toHtml(name)}</code></summary><pre>${toJson(schema)}</pre></details>`

const toErrorRow = ([code, { http, retry, about }]: [
  string,
  { http: number; retry: boolean; about: string }
]) =>
  `<tr id="error-${code}"><td><code>${code}</code></td><td>${http}</td><td>${retry ? 'retry' : ''}</td><td>${toHtml(about)}</td></tr>`

const toJson = (schema: unknown): string =>
  toHtml(JSON.stringify(schema ?? {}, null, 2)).replace(
    /#\/components\/schemas\/(\w+)/g,
    '<a href="#shape-$1">$1</a>'
  )

/** Text of a description, whose Markdown is code between backticks. */
const toText = (text: string): string => toHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')

const toHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 } main { max-width: 52rem; margin: 0 auto; padding: 2rem 1rem }
details { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .5rem 0 }
summary { cursor: pointer } summary b { display: inline-block; min-width: 4.5rem }
summary span { opacity: .75; margin-left: .75rem } h3 { font-size: 1rem }
pre { overflow: auto; padding: .75rem; background: color-mix(in srgb, currentColor 6%, transparent) }
code, pre { font: .875rem/1.5 ui-monospace, monospace }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .25rem .5rem; vertical-align: top }
tr:target { background: color-mix(in srgb, orange 25%, transparent) }`
