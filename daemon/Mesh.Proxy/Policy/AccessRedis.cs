using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Proxy.Policy;

/// <summary>A command by its name, by name and subcommand ("config|set"), or a category ("@write").</summary>
public sealed class RedisCommandMatch
{
    private readonly string name;
    private readonly string subcommand;
    private readonly RedisCategories category;

    /// <exception cref="NotSupportedException">It can match nothing.</exception>
    public RedisCommandMatch(string text)
    {
        if (text.StartsWith('@'))
        {
            bool known = text.Skip(1).All(char.IsAsciiLetter) && Enum.TryParse(text[1..], ignoreCase: true, out category) && Enum.IsDefined(category) && category != RedisCategories.None;
            if (!known) throw new NotSupportedException($"the command category {text} is not known");
        }
        int bar = text.IndexOf('|');
        (name, subcommand) = bar < 0 ? (text, "") : (text[..bar], text[(bar + 1)..]);
        var command = RedisCommands.Find(Encoding.UTF8.GetBytes(name));
        if (bar >= 0 && command != RedisCommands.Other && !command.IsContainer)
            throw new NotSupportedException($"the command {name} has no subcommands");
    }

    /// <summary>Nothing is known of commands outside the table, so a category may mean them when something is denied, and never when something is allowed.</summary>
    public bool Holds(RedisRequest request, bool denying)
    {
        if (category != RedisCategories.None)
            return request.Command == RedisCommands.Other ? denying : (request.Command.Categories & category) != 0;
        return Ascii.EqualsIgnoreCase(request.Name, name) && (subcommand.Length == 0 || Ascii.EqualsIgnoreCase(request.Subcommand, subcommand));
    }
}

/// <summary>Conditions on a Redis command: which one, and the prefixes of its keys and channels. Both must hold.
/// <para>An Allow needs certainty about every key; for a Deny one key that may be meant is enough. A command that touches keys we cannot know is
/// not allowed by prefixes and is denied by them. A command that has nothing to do with keys is allowed by any prefix and denied by none.</para></summary>
public sealed record AccessRedis(Either<RedisCommandMatch> Commands, Either<byte[]> KeyPrefixes)
{
    internal bool Holds(RedisRequest request, bool denying) => HoldsCommand(request, denying) && (KeyPrefixes.IsUnset || HoldsKeys(request, denying));

    private bool HoldsCommand(RedisRequest request, bool denying)
    {
        foreach (var excluded in Commands.None)
        {
            if (excluded.Holds(request, !denying)) return false;
        }
        if (Commands.Any.Length == 0) return true;
        foreach (var alternative in Commands.Any)
        {
            if (alternative.Holds(request, denying)) return true;
        }
        return false;
    }

    private bool HoldsKeys(RedisRequest request, bool denying)
    {
        if (request.TouchesAnyKey) return denying;
        for (int i = 0; i < request.KeyCount; i++)
        {
            if (HoldsKey(request.Key(i), request.HasPatterns, denying) == denying) return denying;
        }
        return !denying;
    }

    private bool HoldsKey(ReadOnlySpan<byte> key, bool pattern, bool denying)
    {
        foreach (byte[] excluded in KeyPrefixes.None)
        {
            if (Has(key, excluded, pattern, certainly: denying)) return false;
        }
        if (KeyPrefixes.Any.Length == 0) return true;
        foreach (byte[] prefix in KeyPrefixes.Any)
        {
            if (Has(key, prefix, pattern, certainly: !denying)) return true;
        }
        return false;
    }

    /// <param name="certainly">Everything that a pattern stands for has the prefix; otherwise something may.</param>
    private static bool Has(ReadOnlySpan<byte> key, byte[] prefix, bool pattern, bool certainly)
    {
        int glob = pattern ? key.IndexOfAny("*?[\\"u8) : -1;
        if (glob < 0) return key.StartsWith(prefix);
        var start = key[..glob];
        return start.StartsWith(prefix) || (!certainly && prefix.AsSpan().StartsWith(start));
    }
}
