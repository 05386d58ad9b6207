using System.Runtime.InteropServices;

namespace Mesh.Cni;

/// <summary>Standard input, output or error, without a buffer. The framework's own prepare a terminal and start a thread for its signals.</summary>
internal sealed unsafe partial class StandardStream(int descriptor) : Stream
{
    private const int Eintr = 4;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do count = SystemRead(descriptor, start, buffer.Length);
            while (count < 0 && Marshal.GetLastPInvokeError() == Eintr);
            return count >= 0 ? (int)count : throw Failed("read");
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            for (int written = 0; written < buffer.Length;)
            {
                nint count = SystemWrite(descriptor, start + written, buffer.Length - written);
                if (count < 0 && Marshal.GetLastPInvokeError() != Eintr) throw Failed("write");
                written += Math.Max(0, (int)count);
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private IOException Failed(string call) => new($"{call} of descriptor {descriptor}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint SystemRead(int fd, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint SystemWrite(int fd, byte* buffer, nint count);
}
