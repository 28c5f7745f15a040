/** What stores say about their options, for the help of mount: loaded when it is asked for. */
export async function storeOptionsHelp(words: readonly string[]): Promise<string> {
  const { optionTexts } = await import('../stores/options.js');
  const named = ['s3', 'file'].filter((scheme) => words.some((word) => isOf(word, scheme)));
  const schemes = named.length > 0 ? named : ['s3', 'file'];
  return schemes.map((scheme) => section(scheme, optionTexts(scheme) ?? [])).join('');
}

const isOf = (word: string, scheme: string): boolean =>
  word === scheme || word.startsWith(`${scheme}:`);

type Text = { readonly name: string; readonly means: string; readonly default: string };

function section(scheme: string, texts: readonly Text[]): string {
  const widest = Math.max(...texts.map(({ name }) => name.length));
  const lines = texts.map(({ name, means, default: given }) => {
    const text = given === '' ? means : `${means} (${given})`;
    return `  --option ${name.padEnd(widest)}  ${text}`;
  });
  return `\nOptions of ${scheme}:// stores (any value may be env:NAME):\n${lines.join('\n')}\n`;
}
