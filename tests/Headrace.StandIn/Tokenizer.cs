using System.Globalization;
using System.Text;

namespace Headrace.StandIn;

/// <summary>Cuts SQL text into tokens as PostgreSQL 8.0 does: a backslash escapes within any single quotes.</summary>
public sealed class Tokenizer(string sql)
{
    private const string Operators = "+-*/<>=~!@#%^&|?`";
    private int at;

    /// <summary>The statements of a text, without the empty ones.</summary>
    public static List<List<Token>> Statements(string sql)
    {
        var statements = new List<List<Token>> { new() };
        foreach (var token in new Tokenizer(sql).Tokens())
            if (token.Is(";"))
                statements.Add([]);
            else
                statements[^1].Add(token);
        statements.RemoveAll(statement => statement.Count == 0);
        return statements;
    }

    private IEnumerable<Token> Tokens()
    {
        while (true)
        {
            var spaced = SkipSpace();
            if (at >= sql.Length)
                yield break;
            var start = at;
            var (kind, value) = Next();
            yield return new Token(kind, value, sql[start..at], spaced);
        }
    }

    private (TokenKind, string) Next()
    {
        var c = sql[at];
        if (c == '\'')
            return (TokenKind.Text, Literal());
        if (c == '"')
            return (TokenKind.Quoted, Fold(QuotedName()));
        if (c == '$' && at + 1 < sql.Length)
            return char.IsAsciiDigit(sql[at + 1])
                ? (TokenKind.Parameter, Run(start: at++, char.IsAsciiDigit))
                : (TokenKind.Text, DollarText());
        if (char.IsAsciiLetter(c) || c == '_' || c >= 128)
        {
            var word = Run(at, letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '$' || letter >= 128);
            if (at < sql.Length && sql[at] == '\'' && word is "e" or "E")
                return (TokenKind.Text, Literal());
            if (at < sql.Length && sql[at] == '\'' && word.ToUpperInvariant() is "B" or "X" or "N")
                throw Refusal.NotPlayed($"a literal {word}'…'");
            return (TokenKind.Word, Fold(word));
        }

        if (char.IsAsciiDigit(c) || (c == '.' && at + 1 < sql.Length && char.IsAsciiDigit(sql[at + 1])))
            return (TokenKind.Number, Number());
        if (c == ':' && at + 1 < sql.Length && sql[at + 1] == ':')
        {
            at += 2;
            return (TokenKind.Symbol, "::");
        }

        if (!Operators.Contains(c, StringComparison.Ordinal))
        {
            at++;
            return (TokenKind.Symbol, c.ToString());
        }

        var end = at + 1;
        while (
            end < sql.Length
            && Operators.Contains(sql[end], StringComparison.Ordinal)
            && !Starts(end, "--")
            && !Starts(end, "/*")
        )
            end++;
        // An operator of several characters does not end in a sign, unless it has one that only operators have.
        while (end - at > 1 && sql[end - 1] is '+' or '-' && !sql[at..end].AsSpan().ContainsAny("~!@#%^&|`?"))
            end--;
        var symbol = sql[at..end];
        at = end;
        return (TokenKind.Symbol, symbol);
    }

    public static string Fold(string name) =>
        string.Create(
            name.Length,
            name,
            (span, text) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = char.IsAsciiLetterUpper(text[i]) ? (char)(text[i] | 0x20) : text[i];
            }
        );

    private string Run(int start, Func<char, bool> more)
    {
        at++;
        while (at < sql.Length && more(sql[at]))
            at++;
        return sql[start..at];
    }

    private string Number()
    {
        var start = at;
        while (
            at < sql.Length
            && (
                char.IsAsciiLetterOrDigit(sql[at])
                || sql[at] == '.'
                || (sql[at] is '+' or '-' && sql[at - 1] is 'e' or 'E')
            )
        )
            at++;
        return sql[start..at];
    }

    private string QuotedName()
    {
        var name = new StringBuilder();
        for (at++; at < sql.Length; at++)
        {
            if (sql[at] == '"' && !Starts(at, "\"\""))
            {
                at++;
                return name.ToString();
            }

            if (sql[at] == '"')
                at++;
            name.Append(sql[at]);
        }

        throw new Refusal("42601", "unterminated quoted identifier");
    }

    private string Literal()
    {
        var text = new StringBuilder();
        for (at++; at < sql.Length; at++)
        {
            if (sql[at] == '\'' && !Starts(at, "''"))
            {
                at++;
                return text.ToString();
            }

            if (sql[at] == '\\' && at + 1 < sql.Length)
            {
                at++;
                text.Append(Escape());
                continue;
            }

            if (sql[at] == '\'')
                at++;
            text.Append(sql[at]);
        }

        throw new Refusal("42601", "unterminated quoted string");
    }

    private char Escape()
    {
        if (sql[at] is >= '0' and <= '7')
        {
            var end = at + 1;
            while (end < sql.Length && end - at < 3 && sql[end] is >= '0' and <= '7')
                end++;
            var value = Convert.ToInt32(sql[at..end], 8);
            at = end - 1;
            return (char)value;
        }

        if (
            sql[at] == 'x'
            && at + 2 < sql.Length
            && byte.TryParse(sql.AsSpan(at + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex)
        )
        {
            at += 2;
            return (char)hex;
        }

        return sql[at] switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\b',
            'f' => '\f',
            var other => other,
        };
    }

    private string DollarText()
    {
        var tagEnd = sql.IndexOf('$', at + 1);
        if (tagEnd < 0)
            throw Refusal.Syntax("$");
        var tag = sql[at..(tagEnd + 1)];
        var end = sql.IndexOf(tag, tagEnd + 1, StringComparison.Ordinal);
        if (end < 0)
            throw new Refusal("42601", "unterminated dollar-quoted string");
        at = end + tag.Length;
        return sql[(tagEnd + 1)..end];
    }

    private bool SkipSpace()
    {
        var start = at;
        while (at < sql.Length)
        {
            if (char.IsWhiteSpace(sql[at]))
                at++;
            else if (Starts(at, "--"))
                at = sql.IndexOf('\n', at) is var line and >= 0 ? line : sql.Length;
            else if (Starts(at, "/*"))
                SkipComment();
            else
                break;
        }

        return at > start;
    }

    private void SkipComment()
    {
        var depth = 0;
        do
        {
            if (at >= sql.Length)
                throw new Refusal("42601", "unterminated /* comment");
            if (Starts(at, "/*"))
                (depth, at) = (depth + 1, at + 2);
            else if (Starts(at, "*/"))
                (depth, at) = (depth - 1, at + 2);
            else
                at++;
        } while (depth > 0);
    }

    private bool Starts(int index, string text) => string.CompareOrdinal(sql, index, text, 0, text.Length) == 0;
}
