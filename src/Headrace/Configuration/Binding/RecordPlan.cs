using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Headrace.Configuration.Binding;

/// <summary>
/// The keys of a record, made from its properties once. Loader, schema, reference and <c>config show</c> all read this.
/// </summary>
[UnconditionalSuppressMessage("Trimming", "IL2070", Justification = Rooted)]
[UnconditionalSuppressMessage("Trimming", "IL2072", Justification = Rooted)]
internal sealed class RecordPlan
{
    internal const string Rooted = "The native build keeps this assembly whole.";

    static readonly ConcurrentDictionary<Type, RecordPlan> Plans = new();

    RecordPlan(Type type)
    {
        Type = type;
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        Keys = [.. properties.Where(IsKey).Select(property => new KeyPlan(property))];
        Name = Array.Find(properties, property => property.Name == "Name" && !IsKey(property)) is { } name
            ? new KeyPlan(name)
            : null;
    }

    public Type Type { get; }

    public IReadOnlyList<KeyPlan> Keys { get; }

    /// <summary>The property that takes the key under which the record stands; null when it has none.</summary>
    public KeyPlan? Name { get; }

    public IEnumerable<string> Words => Keys.Select(key => key.Word);

    public static RecordPlan Of(Type type) => Plans.GetOrAdd(type, static type => new RecordPlan(type));

    public KeyPlan? Find(string word)
    {
        foreach (var key in Keys)
            if (key.Word == word)
                return key;
        return null;
    }

    /// <summary>A record with every key at its default.</summary>
    public object New() => Activator.CreateInstance(Type)!;

    // Every record of this namespace is bound key by key; everything else is one value.
    public static bool IsRecord(Type type) => type.IsClass && type.Namespace == typeof(Project).Namespace;

    /// <summary>The type of the values when <paramref name="type"/> is a map by name.</summary>
    public static Type? MapOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)
            ? type.GetGenericArguments()[1]
            : null;

    /// <summary>The type of the records when <paramref name="type"/> is a list of them.</summary>
    public static Type? ListOf(Type type) =>
        type.IsGenericType
        && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
        && IsRecord(type.GetGenericArguments()[0])
            ? type.GetGenericArguments()[0]
            : null;

    /// <summary>A list of records.</summary>
    [UnconditionalSuppressMessage(
        "AOT",
        "IL3050",
        Justification = "An array of records is one of references, whose code all share."
    )]
    public static Array NewList(Type each, IReadOnlyList<object> records)
    {
        var list = Array.CreateInstance(each, records.Count);
        foreach (var (i, record) in records.Index())
            list.SetValue(record, i);
        return list;
    }

    /// <summary>An empty map by name with values of a record's type.</summary>
    [UnconditionalSuppressMessage(
        "AOT",
        "IL3050",
        Justification = "Maps of records share their code, and the records' own defaults use it."
    )]
    public static IDictionary NewMap(Type each) =>
        (IDictionary)Activator.CreateInstance(typeof(OrderedDictionary<,>).MakeGenericType(typeof(string), each))!;

    public static bool IsKey(PropertyInfo property) =>
        property.CanWrite && !property.IsDefined(typeof(NotAKeyAttribute));

    /// <summary>The key of a property.</summary>
    public static string WordOf(PropertyInfo property) =>
        property.IsDefined(typeof(KeyAttribute))
            ? property.GetCustomAttribute<KeyAttribute>()!.Key
            : Choices.Separated(property.Name, '_');
}

/// <summary>One key of a record.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2075", Justification = RecordPlan.Rooted)]
internal sealed class KeyPlan(PropertyInfo property)
{
    public PropertyInfo Property { get; } = property;

    /// <summary>A value that nobody may see.</summary>
    public bool IsSecret { get; } = property.IsDefined(typeof(SecretAttribute));

    public string Word { get; } = RecordPlan.WordOf(property);

    /// <summary>The type of its value; without the question mark.</summary>
    public Type Type { get; } = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    public bool Required { get; } = property.IsDefined(typeof(RequiredMemberAttribute));

    public long? AtLeast { get; } =
        property.IsDefined(typeof(AtLeastAttribute)) ? property.GetCustomAttribute<AtLeastAttribute>()!.Value : null;

    // Setting the field behind the property needs no code made at run time; calling the setter does, and costs a start
    // more than reading the file.
    FieldInfo Field { get; } =
        property.DeclaringType!.GetField(
            $"<{property.Name}>k__BackingField",
            BindingFlags.Instance | BindingFlags.NonPublic
        )!;

    public void Set(object record, object? value) => Field.SetValue(record, value);
}
