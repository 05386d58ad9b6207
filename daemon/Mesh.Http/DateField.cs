namespace Mesh.Http;

/// <summary>Date, which a response must have when it is passed on (RFC 9110 6.6.1): of an application that sent none, and of answers made here. The text is made once a second.</summary>
internal static class DateField
{
    private const int Length = 29; // IMF-fixdate (5.6.7)

    [ThreadStatic] private static byte[]? text;
    [ThreadStatic] private static long textOf;

    /// <summary>Adds it to a final response that has none.</summary>
    public static void Ensure(ResponseHead head, TimeProvider time)
    {
        if (!head.IsInterim && !head.Headers.Contains("date"u8)) head.Headers.Add("date"u8, Now(time));
    }

    /// <returns>Valid until the next call.</returns>
    public static ReadOnlySpan<byte> Now(TimeProvider time)
    {
        var now = time.GetUtcNow();
        long second = now.ToUnixTimeSeconds();
        if (text is null || textOf != second)
        {
            text ??= new byte[Length];
            now.TryFormat(text, out _, "R", System.Globalization.CultureInfo.InvariantCulture);
            textOf = second;
        }
        return text;
    }
}
