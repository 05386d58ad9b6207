namespace Mesh.Resources.Schema;

/// <summary>The vocabulary in which kinds are declared.</summary>
internal static class Types
{
    public static readonly BooleanType Flag = new();
    public static readonly AnyType Any = new();
    public static readonly PortOrNameType PortOrName = new();
    public static readonly IntegerType Port = new(1, 65535);
    public static readonly NumberType Percent = new(0, 100);

    public static StringType Text(TextFormat? format = null, int maxLength = 256, int minLength = 0) =>
        new() { Format = format, MaxLength = maxLength, MinLength = minLength };

    public static StringType OneOf(params IReadOnlyList<string> values) => new() { Values = values };

    public static IntegerType Integer(long min, long max) => new(min, max);

    public static ListType ListOf(FieldType item, int max = 64, int min = 0, params IReadOnlyList<string> keys) =>
        new(item) { MaxItems = max, MinItems = min, Keys = keys };

    public static MapType MapOf(FieldType value, TextFormat? keys = null, int max = 256) => new(value) { KeyFormat = keys, MaxItems = max };

    public static MapType Labels { get; } = MapOf(Text(TextFormats.LabelValue, 63), TextFormats.LabelKey);

    public static Field Optional(string name, FieldType type, string doc, string? defaults = null) => new(name, type, doc) { Default = defaults };

    public static Field Needed(string name, FieldType type, string doc) => new(name, type, doc) { Required = true };

    public static Field NotYet(string name, string doc) => new(name, Any, doc) { NotYet = "is not supported yet; remove it" };
}
