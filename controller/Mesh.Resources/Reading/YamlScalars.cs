using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Mesh.Resources.Reading;

/// <summary>Scalars of the YAML 1.2 core schema (section 10.3): quoted text is text, plain text may be null, a boolean or a number.</summary>
internal static class YamlScalars
{
    public static JsonNode? ToJson(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value.EndsWith(":str", StringComparison.Ordinal)))
            return JsonValue.Create(text);

        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "true" or "True" or "TRUE":
                return JsonValue.Create(true);
            case "false" or "False" or "FALSE":
                return JsonValue.Create(false);
        }

        if (TryInteger(text, out var number))
            return JsonValue.Create(number);

        return LooksReal(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)
            ? JsonValue.Create(real) : JsonValue.Create(text);
    }

    private static bool TryInteger(string text, out long number)
    {
        if (text.StartsWith("0x", StringComparison.Ordinal))
            return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    // Versions like 1.2.3 and words like "infinity" stay text.
    private static bool LooksReal(string text) =>
        text.AsSpan().IndexOfAnyExcept("0123456789+-.eE") < 0 && text.Any(char.IsAsciiDigit);
}
