using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Resources.Schema;

/// <summary>Numbers of a JSON value, whatever type holds it (parsed text, int, long, or 1.0 as some clients write it).</summary>
internal static class JsonNumbers
{
    public static bool TryReal(JsonValue value, out double number)
    {
        number = 0;
        if (value.GetValueKind() != JsonValueKind.Number)
            return false;

        if (TryInteger(value, out long whole))
        {
            number = whole;
            return true;
        }

        return value.TryGetValue(out number);
    }

    public static bool TryInteger(JsonValue value, out long number)
    {
        number = 0;
        if (value.GetValueKind() != JsonValueKind.Number)
            return false;

        if (value.TryGetValue(out number))
            return true;

        if (value.TryGetValue(out int small))
        {
            number = small;
            return true;
        }

        if (!value.TryGetValue(out double real) || real != Math.Floor(real) || Math.Abs(real) > long.MaxValue / 2)
            return false;

        number = (long)real;
        return true;
    }
}
