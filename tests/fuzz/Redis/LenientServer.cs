using System.Text;

namespace Mesh.Tests.Fuzz.Redis;

/// <summary>What a server makes of requests that takes whatever it can: line ends are not checked, numbers may have signs and zeros. Written from how real servers
/// read, and from nothing in the product.</summary>
internal static class LenientServer
{
    /// <returns>The words of every command it would carry out.</returns>
    public static List<List<string>> Commands(string bytes)
    {
        var commands = new List<List<string>>();
        int at = 0;
        while (at < bytes.Length)
        {
            var words = bytes[at] == '*' ? Array(bytes, ref at) : Inline(bytes, ref at);
            if (words is null) break;
            if (words.Count > 0) commands.Add(words);
        }
        return commands;
    }

    private static List<string>? Array(string bytes, ref int at)
    {
        if (Number(bytes, ref at) is not { } count) return null;
        var words = new List<string>();
        for (long i = 0; i < count; i++)
        {
            if (at >= bytes.Length || bytes[at] != '$') return null;
            if (Number(bytes, ref at) is not (>= 0 and var length) || at + length + 2 > bytes.Length) return null;
            words.Add(bytes.Substring(at, (int)length));
            at += (int)length + 2;
        }
        return words;
    }

    private static long? Number(string bytes, ref int at)
    {
        int end = bytes.IndexOf('\r', at);
        if (end < 0 || end + 2 > bytes.Length || !long.TryParse(bytes.AsSpan(at + 1, end - at - 1), out long number)) return null;
        at = end + 2;
        return number;
    }

    private static List<string>? Inline(string bytes, ref int at)
    {
        int end = bytes.IndexOf('\n', at);
        if (end < 0) return null;
        string line = bytes[at..end];
        at = end + 1;
        var words = new List<string>();
        var word = new StringBuilder();
        bool inWord = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (char.IsWhiteSpace(c) && c < 128)
            {
                if (inWord) words.Add(word.ToString());
                word.Clear();
                inWord = false;
            }
            else if (c is '"' or '\'')
            {
                inWord = true;
                for (i++; i < line.Length && line[i] != c; i++)
                {
                    bool escaped = line[i] == '\\' && i + 1 < line.Length && (c == '"' || line[i + 1] == '\'');
                    if (escaped && c == '"' && line[i + 1] == 'x' && i + 3 < line.Length && char.IsAsciiHexDigit(line[i + 2]) && char.IsAsciiHexDigit(line[i + 3]))
                    {
                        word.Append((char)Convert.ToInt32(line.Substring(i + 2, 2), 16));
                        i += 3;
                    }
                    else
                    {
                        if (escaped) i++;
                        word.Append(line[i]);
                    }
                }
                if (i >= line.Length) return null;
            }
            else
            {
                inWord = true;
                word.Append(c);
            }
        }
        if (inWord) words.Add(word.ToString());
        return words;
    }
}
