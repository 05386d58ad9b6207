using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Mesh.Daemon.Systemd;

/// <summary>The journal's native protocol (systemd's JOURNAL_NATIVE_PROTOCOL): one datagram an entry. Values are cut so that an entry always
/// fits a datagram; larger ones would need a memory file, and nothing that we log is worth that. One thread at a time.</summary>
public sealed class Journal : IDisposable
{
    public const string DefaultAddress = "/run/systemd/journal/socket";
    private const int MaxValueBytes = 8 * 1024;
    private const int MaxEntryBytes = 96 * 1024; // below the default send buffer of a Unix socket, 208 KiB

    private readonly Socket socket;
    private readonly ArrayBufferWriter<byte> entry = new(2048);

    /// <exception cref="SocketException">There is no journal.</exception>
    public Journal(string address = DefaultAddress)
    {
        socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(address));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Adds to the entry that <see cref="Send"/> ends. A field that would make it too large is left out.</summary>
    /// <param name="name">Upper case letters, digits and '_', not first.</param>
    public void Add(string name, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        var text = bytes.AsSpan(0, Math.Min(bytes.Length, MaxValueBytes));
        if (entry.WrittenCount + name.Length + text.Length + 16 > MaxEntryBytes) return;
        entry.Write(Encoding.ASCII.GetBytes(name));
        if (text.Contains((byte)'\n'))
        {
            entry.Write("\n"u8);
            BinaryPrimitives.WriteInt64LittleEndian(entry.GetSpan(8), text.Length);
            entry.Advance(8);
        }
        else
        {
            entry.Write("="u8);
        }
        entry.Write(text);
        entry.Write("\n"u8);
    }

    /// <exception cref="SocketException">The journal is gone or takes no more.</exception>
    public void Send()
    {
        try
        {
            Send(entry.WrittenSpan);
        }
        finally
        {
            entry.ResetWrittenCount();
        }
    }

    /// <summary>A whole entry in the journal's own form.</summary>
    /// <exception cref="SocketException">The journal is gone or takes no more.</exception>
    public void Send(ReadOnlySpan<byte> wholeEntry) => socket.Send(wholeEntry);

    public void Dispose() => socket.Dispose();
}
