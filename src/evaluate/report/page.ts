// The shell of the file: head, content security policy, style sheet, script. The policy admits exactly our style
// sheet and script by their SHA-256 and nothing else: no network, no inline handlers, no inline styles, no frames,
// no forms. A mistake in escaping would thus still not run.

import { createHash } from 'node:crypto';
import { escapeMarkup } from '../plot/index.ts';

export interface Page {
  title: string;
  body: string;
  styles: string;
  script: string;
}

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

/** A complete HTML document that needs nothing beside itself. */
export function renderPage(page: Page): string {
  const policy = [
    "default-src 'none'",
    `style-src ${sha256(page.styles)}`,
    `script-src ${sha256(page.script)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="touchstone">
<link rel="icon" href="data:,">
<title>${escapeMarkup(page.title)}</title>
<style>${page.styles}</style>
</head>
<body>
${page.body}
<script>${page.script}</script>
</body>
</html>
`;
}
