using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mesh.Io.Tls.Native;

/// <summary>What one session's BIO reads from and writes to. Lives in native memory, so that OpenSSL's callbacks touch no managed object.
/// Input and the output window point into the transport's buffers and are set only for the length of one call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BioState
{
    internal byte* Input;
    internal int InputLength;

    internal byte* Window;
    internal int WindowCapacity;
    internal int WindowLength;

    /// <summary>Output that found no room in the window: handshake flights, alerts and key updates.</summary>
    internal byte* Spill;
    internal int SpillCapacity;
    internal int SpillLength;

    /// <summary>Server: acceptable protocols in wire form (RFC 7301 3.1), best first.</summary>
    internal byte* Alpn;
    internal int AlpnLength;

    /// <summary>The loop's time when the handshake began: a ticket is judged by it, as certificates are.</summary>
    internal long NowUnixSeconds;

    /// <summary>Client: an SSL_SESSION that came and that nobody has taken yet.</summary>
    internal nint Ticket;

    /// <summary>Client: somebody will.</summary>
    internal bool KeepTickets;
}

/// <summary>A BIO that hands OpenSSL the transport's own buffers. Compared with memory BIOs it saves one copy each way,
/// and an idle session keeps no buffer behind.</summary>
internal static unsafe class TransportBio
{
    private const int TypeSourceSink = 0x0400;
    private const int ControlFlush = 11;
    private const int FlagRead = 0x01;
    private const int FlagsAnyRetry = 0x0F;
    private const int FlagShouldRetry = 0x08;
    private const int FirstSpillCapacity = 4096; // a server flight with one P-256 leaf is about 1 KiB

    private static readonly nint Method = CreateMethod();

    /// <summary>The caller gives the BIO to SSL_set_bio, which frees it with the session.</summary>
    internal static nint Create(BioState* state)
    {
        nint bio = Libcrypto.BIO_new(Method);
        if (bio == 0) throw new OutOfMemoryException("OpenSSL could not allocate a BIO");
        Libcrypto.BIO_set_data(bio, state);
        Libcrypto.BIO_set_init(bio, 1);
        return bio;
    }

    private static nint CreateMethod()
    {
        nint method = Libcrypto.BIO_meth_new(Libcrypto.BIO_get_new_index() | TypeSourceSink, "transport");
        Libcrypto.BIO_meth_set_read(method, &Read);
        Libcrypto.BIO_meth_set_write(method, &Write);
        Libcrypto.BIO_meth_set_ctrl(method, &Control);
        return method;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(nint bio, byte* destination, int length)
    {
        var state = (BioState*)Libcrypto.BIO_get_data(bio);
        Libcrypto.BIO_clear_flags(bio, FlagsAnyRetry);
        if (state->InputLength == 0)
        {
            Libcrypto.BIO_set_flags(bio, FlagRead | FlagShouldRetry);
            return -1;
        }
        int count = Math.Min(length, state->InputLength);
        Unsafe.CopyBlockUnaligned(destination, state->Input, (uint)count);
        state->Input += count;
        state->InputLength -= count;
        return count;
    }

    /// <summary>Takes everything: what does not fit the window is kept, so a write never has to be repeated.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint bio, byte* source, int length)
    {
        var state = (BioState*)Libcrypto.BIO_get_data(bio);
        Libcrypto.BIO_clear_flags(bio, FlagsAnyRetry);
        if (state->SpillLength == 0 && length <= state->WindowCapacity - state->WindowLength)
        {
            Unsafe.CopyBlockUnaligned(state->Window + state->WindowLength, source, (uint)length);
            state->WindowLength += length;
            return length;
        }
        EnsureSpill(state, length);
        Unsafe.CopyBlockUnaligned(state->Spill + state->SpillLength, source, (uint)length);
        state->SpillLength += length;
        return length;
    }

    private static void EnsureSpill(BioState* state, int extra)
    {
        int needed = checked(state->SpillLength + extra);
        if (needed <= state->SpillCapacity) return;
        int capacity = Math.Max(FirstSpillCapacity, Math.Max(needed, state->SpillCapacity * 2));
        state->Spill = (byte*)NativeMemory.Realloc(state->Spill, (nuint)capacity);
        state->SpillCapacity = capacity;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Control(nint bio, int command, nint number, nint pointer) => command == ControlFlush ? 1 : 0;
}
