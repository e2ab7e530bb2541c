using System.Globalization;

namespace Headrace.Configuration.Binding;

/// <summary>
/// Makes records from nodes, by the properties of the records. A value that does not fit is a problem, and the
/// binding goes on, so that all problems of a file are told at once.
/// </summary>
internal sealed class Binder(Problems problems, Variables variables)
{
    /// <summary>A record from keys. Null when a key that it needs is missing or has no value that fits.</summary>
    public object? Record(MapNode map, Type type, string where, Node at, string? name = null)
    {
        if (type == typeof(Connection))
        {
            if (Kind(map, where, at) is not { } kind)
                return null;
            type = kind;
            map = map.Without("type");
        }

        var plan = RecordPlan.Of(type);
        var record = plan.New();
        plan.Name?.Set(record, name ?? "");
        var complete = true;
        foreach (var (word, value) in map.Entries)
        {
            if (plan.Find(word.Text) is not { } key)
            {
                Unknown(word, plan, where);
                continue;
            }

            if (IsAbsent(value, key))
                continue;
            if (Value(value, key.Type, key, where) is { } bound)
                key.Set(record, bound);
            else
                complete &= !key.Required;
        }

        foreach (var key in plan.Keys)
            if (key.Required && (map.Find(key.Word) is not { } entry || IsAbsent(entry.Value, key)))
            {
                problems.Add(
                    problems.At(at),
                    Error.MissingKey(problems.At(at), key.Word, where, $"add `{key.Word}:` to {where}"),
                    key.Word
                );
                complete = false;
            }

        return complete ? record : null;
    }

    // `null: NULL` in CSV options means the text; everywhere else an empty value is as good as none.
    static bool IsAbsent(Node value, KeyPlan key) =>
        value.IsNull && !(key.Word == "null" && ((ScalarNode)value).Text.Length > 0);

    void Unknown(ScalarNode word, RecordPlan plan, string where)
    {
        // A key at the wrong level is the commonest mistake after a misspelt one.
        var inside = plan.Keys.FirstOrDefault(key =>
            RecordPlan.IsRecord(key.Type) && RecordPlan.Of(key.Type).Find(word.Text) is not null
        );
        var next =
            word.Text == "<<" ? "write the keys out; `defaults` are for what flows share"
            : inside is not null ? $"put it under '{inside.Word}'"
            : Suggestion.Ask(word.Text, plan.Words, "remove it, or see docs/configuration.md");
        problems.Add(problems.At(word), Error.UnknownKey(problems.At(word), word.Text, where, next, plan.Words));
    }

    Type? Kind(MapNode map, string where, Node at)
    {
        if (map.Find("type")?.Value is not { IsNull: false } node)
        {
            problems.Add(
                problems.At(at),
                Error.MissingKey(problems.At(at), "type", where, $"add `type:` with one of {Connection.KindWords}"),
                "type"
            );
            return null;
        }

        if (Text(node, typeof(string), "type", where) is not { } word)
            return null;
        foreach (var (known, type) in Connection.Kinds)
            if (known == word)
                return type;
        problems.Add(
            problems.At(node),
            Error.UnknownConnectionType(
                problems.At(node),
                Written(node),
                where,
                [.. Connection.Kinds.Select(kind => kind.Word)]
            )
        );
        return null;
    }

    /// <summary>A value of a type; null, with the reason among the problems, when the node is none.</summary>
    object? Value(Node node, Type type, KeyPlan key, string where)
    {
        if (type == typeof(IReadOnlyList<string>))
            return Many(node, key.Word, where);
        if (RecordPlan.MapOf(type) is { } each)
            return Map(node, each, key.Word, where);
        if (RecordPlan.ListOf(type) is { } one)
            return Records(node, one, key.Word, where);
        if (RecordPlan.IsRecord(type))
            return Nested(node, type, where == "the file" ? $"'{key.Word}'" : $"'{key.Word}' of {where}");
        return Text(node, type, key.Word, where) is { } text ? Scalar((ScalarNode)node, text, type, key, where) : null;
    }

    object? Nested(Node node, Type type, string where, string? name = null)
    {
        if (
            node is ScalarNode { IsNull: false } scalar
            && Attribute.GetCustomAttribute(type, typeof(ShortForAttribute)) is ShortForAttribute brief
        )
            node = new MapNode(node.Span, [new Entry(new ScalarNode(node.Span, brief.Key, ScalarStyle.Plain), scalar)]);
        if (node.IsNull)
            node = new MapNode(node.Span, []);
        if (node is MapNode map)
            return Record(map, type, where, node, name);
        return Unfit(node, where, "keys and values");
    }

    object? Map(Node node, Type each, string word, string where)
    {
        if (node is not MapNode map)
        {
            Wrong(node, word, where, "keys and values");
            return null;
        }

        var one = word.TrimEnd('s');
        var values = RecordPlan.NewMap(each);
        foreach (var (key, value) in map.Entries)
        {
            // What is missing inside is told at the name; what is wrong inside, where it stands.
            var place = where == "the file" ? $"{one} '{key.Text}'" : $"{one} '{key.Text}' of {where}";
            var bound =
                value is MapNode keys ? Record(keys, each, place, key, key.Text)
                : value.IsNull ? Record(MapNode.Empty, each, place, key, key.Text)
                : Nested(value, each, place, key.Text);
            if (bound is not null)
                values.Add(key.Text, bound);
        }

        return values;
    }

    // All of them or none: what else is to be said of one is said by its place in the list.
    Array? Records(Node node, Type each, string word, string where)
    {
        if (node is not ListNode list)
        {
            Wrong(node, word, where, "a list", $"write each as an item: `- …` under `{word}:`");
            return null;
        }

        var (one, records) = (word.TrimEnd('s'), new List<object>());
        foreach (var (i, item) in list.Items.Index())
            if (Nested(item, each, $"{one} {i + 1} of {where}") is { } record)
                records.Add(record);
        return records.Count == list.Items.Count ? RecordPlan.NewList(each, records) : null;
    }

    List<string>? Many(Node node, string word, string where)
    {
        IReadOnlyList<Node> items = node is ListNode list ? list.Items : [node];
        var texts = new List<string>();
        foreach (var item in items)
        {
            if (Text(item, typeof(IReadOnlyList<string>), word, where) is not { } text)
                return null;
            texts.Add(text);
        }

        return texts;
    }

    string? Text(Node node, Type type, string word, string where)
    {
        if (node is ScalarNode scalar)
            return variables.Resolve(scalar);
        Wrong(node, word, where, TypeWords.Expected(type));
        return null;
    }

    object? Scalar(ScalarNode node, string text, Type type, KeyPlan key, string where)
    {
        if (type == typeof(string))
            return text;
        if (type.IsEnum)
        {
            foreach (var (word, choice) in Choices.Of(type))
                if (word == text)
                    return choice;
            var known = Choices.Of(type).Select(choice => choice.Word).ToArray();
            problems.Add(
                problems.At(node),
                Error.UnknownChoice(
                    problems.At(node),
                    key.Word,
                    where,
                    Written(node),
                    known,
                    Suggestion.Ask(text, known, $"write one of {string.Join(", ", known)}")
                )
            );
            return null;
        }

        object? value = type switch
        {
            _ when type == typeof(bool) => text switch
            {
                "true" => true,
                "false" => false,
                _ => null,
            },
            _ when type == typeof(int) => int.TryParse(
                text,
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var number
            )
                ? number
                : null,
            _ when type == typeof(long) => Quantity.TrySize(text, out var bytes) ? bytes : null,
            _ when type == typeof(double) => Quantity.TryShare(text, out var share) ? share : null,
            _ when type == typeof(TimeSpan) => Quantity.TryDuration(text, out var duration) ? duration : null,
            _ when type == typeof(ColumnType) => ColumnType.TryParse(text, out var column) ? column : null,
            _ => null,
        };
        if (value is null)
            Wrong(node, key.Word, where, TypeWords.Expected(type), Advice(text, type));
        else if (key.AtLeast is { } least && Convert.ToInt64(value, CultureInfo.InvariantCulture) < least)
            return key.Type == typeof(long) && least > 1
                ? TooSmall(node, key.Word, where, least)
                : Wrong(node, key.Word, where, $"{least} or more");
        return value;
    }

    static string? Advice(string text, Type type)
    {
        if (type == typeof(bool))
            return text.ToLowerInvariant() switch
            {
                "yes" or "on" or "y" or "1" => "write true",
                "no" or "off" or "n" or "0" => "write false",
                "true" or "false" => "write it in small letters",
                _ => null,
            };
        if (type == typeof(double) && double.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 1)
            return $"a share is a part of 1: write {text}%";
        if (type != typeof(ColumnType))
            return null;
        if (text.Split('(')[0].Trim().Equals("decimal", StringComparison.OrdinalIgnoreCase))
            return "write it with its digits in all and after the point, at most 38, for example \"decimal(18,2)\"";
        return (
            Known(text) ?? Suggestion.For(text, ColumnType.Names.Split(", ").Select(name => name.Split('(')[0]))
        ) switch
        {
            null => $"write one of {ColumnType.Names}",
            "decimal" => "did you mean 'decimal(18,2)'?",
            var near => $"did you mean '{near}'?",
        };
    }

    // What the same type is called elsewhere.
    static string? Known(string text) =>
        text.ToLowerInvariant().Split('(')[0].Trim() switch
        {
            "string" or "varchar" or "char" or "str" or "nvarchar" => "text",
            "int" or "int4" or "int32" => "integer",
            "long" or "int8" or "int64" => "bigint",
            "bool" => "boolean",
            "float" or "float8" or "double precision" or "number" => "double",
            "numeric" => "decimal(18,2)",
            "datetime" => "timestamp",
            "blob" or "binary" or "bytea" => "bytes",
            "jsonb" or "struct" or "super" => "json",
            _ => null,
        };

    object? Wrong(Node node, string word, string where, string expected, string? next = null) =>
        Unfit(node, $"'{word}' in {where}", expected, next);

    object? TooSmall(Node node, string word, string where, long least)
    {
        problems.Add(
            problems.At(node),
            Error.MemoryTooSmall(problems.At(node), $"'{word}' in {where}", Quantity.Text(least), Written(node))
        );
        return null;
    }

    object? Unfit(Node node, string what, string expected, string? next = null)
    {
        // {table} without quotes is a map with one empty key.
        if (node is MapNode { Braces: true, Entries: [var only, ..] } && only.Value.IsNull)
            next = $"put the text in quotes: \"{{{only.Key.Text}}}…\"";
        else if (node is ScalarNode { Style: ScalarStyle.Block })
            next = "put the text in quotes: | and > start a text of several lines";
        problems.Add(
            problems.At(node),
            Error.WrongValue(problems.At(node), what, expected, Written(node), next ?? $"write {expected}")
        );
        return null;
    }

    // As it was written: the value of a variable may be a secret.
    static string Written(Node node) =>
        node switch
        {
            ScalarNode { IsNull: true, Text: "" } => "nothing",
            ScalarNode scalar => $"'{scalar.Text.TrimEnd()}'"
                + (Variables.In(scalar.Text) ? " (its value does not fit)" : ""),
            ListNode => "a list",
            _ => "keys and values",
        };
}
