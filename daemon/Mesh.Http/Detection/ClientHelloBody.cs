using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Mesh.Http.Detection;

/// <summary>The inside of one ClientHello (RFC 8446 4.1.2), read front to back; every length must fit what holds it.</summary>
internal ref struct ClientHelloBody(ReadOnlySpan<byte> message)
{
    private const int RandomBytes = 32;
    private const int MaxSessionIdBytes = 32;
    private const int MaxNameBytes = 253;
    private const ushort ServerNameExtension = 0;
    private const ushort EncryptedHelloExtension = 0xFE0D;

    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"u8);

    private ReadOnlySpan<byte> rest = message;
    private ReadOnlySpan<byte> name;
    private bool named;
    private bool encrypted;

    public bool TryRead(out ClientHello? hello, out string problem)
    {
        hello = null;
        if (!TryPassFixedParts(out problem) || !TryReadExtensions(out problem)) return false;
        byte[] lower = new byte[name.Length];
        Ascii.ToLower(name, lower, out _);
        hello = new ClientHello(lower, encrypted);
        return true;
    }

    private bool TryPassFixedParts(out string problem)
    {
        problem = "the ClientHello is shorter than its fields";
        if (!TryTake(2, out var version) || !TryTake(RandomBytes, out _) || !TryTakeShort(out var session)) return false;
        if (!TryTakeLong(out var suites) || !TryTakeShort(out var compression)) return false;
        problem = "a field of the ClientHello has a length that is not allowed";
        return version[0] == 3 && session.Length <= MaxSessionIdBytes && suites.Length >= 2 && suites.Length % 2 == 0 && !compression.IsEmpty;
    }

    /// <summary>A client of TLS 1.2 may have none at all.</summary>
    private bool TryReadExtensions(out string problem)
    {
        problem = "";
        if (rest.IsEmpty) return true;
        problem = "the extensions do not fill the rest of the ClientHello";
        if (!TryTakeLong(out var extensions) || !rest.IsEmpty) return false;
        rest = extensions;
        while (!rest.IsEmpty)
        {
            problem = "an extension of the ClientHello is cut off";
            if (!TryTake(2, out var type) || !TryTakeLong(out var data)) return false;
            switch (BinaryPrimitives.ReadUInt16BigEndian(type))
            {
                case ServerNameExtension:
                    if (!TryReadServerName(data, out problem)) return false;
                    break;
                case EncryptedHelloExtension:
                    encrypted = true;
                    break;
            }
        }
        return true;
    }

    /// <summary>RFC 6066 3: one list, in it one name of type host_name; others are not defined.</summary>
    private bool TryReadServerName(ReadOnlySpan<byte> data, out string problem)
    {
        problem = "the ClientHello has two server names";
        if (named) return false;
        named = true;
        problem = "the server name of the ClientHello is malformed";
        var entry = new ClientHelloBody(data);
        if (!entry.TryTakeLong(out var list) || !entry.rest.IsEmpty) return false;
        entry = new ClientHelloBody(list);
        if (!entry.TryTake(1, out var type) || type[0] != 0 || !entry.TryTakeLong(out var host) || !entry.rest.IsEmpty) return false;
        // The standard has no dot at the end; clients that are given one send it.
        if (host is [.. var undotted, (byte)'.']) host = undotted;
        if (host.Length is 0 or > MaxNameBytes || host[0] == '.' || host.ContainsAnyExcept(NameBytes)) return false;
        name = host;
        return true;
    }

    private bool TryTake(int count, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length < count) return false;
        taken = rest[..count];
        rest = rest[count..];
        return true;
    }

    /// <summary>A length of one byte and what it counts.</summary>
    private bool TryTakeShort(out ReadOnlySpan<byte> taken)
    {
        taken = default;
        return TryTake(1, out var length) && TryTake(length[0], out taken);
    }

    /// <summary>A length of two bytes and what it counts.</summary>
    private bool TryTakeLong(out ReadOnlySpan<byte> taken)
    {
        taken = default;
        return TryTake(2, out var length) && TryTake(BinaryPrimitives.ReadUInt16BigEndian(length), out taken);
    }
}
