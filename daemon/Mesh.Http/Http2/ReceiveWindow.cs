namespace Mesh.Http.Http2;

/// <summary>The connection's receive window. Credit goes back when bytes arrive in their stream's buffer, so that a stream nobody reads cannot
/// hold up the others; once unread bytes exceed a bound, it goes back only when they are read.</summary>
internal sealed class ReceiveWindow(FrameWriter writer, int windowBytes, int maxBufferedBytes)
{
    private readonly int returnAt = windowBytes / 4;
    private int window = windowBytes;
    private int owed;
    private long buffered;

    public void OnReceived(int bytes)
    {
        if (bytes > window)
            throw new Http2ProtocolException(ErrorCode.FlowControlError, $"DATA of {bytes} bytes exceeds the connection window of {window} (RFC 9113 6.9)");
        window -= bytes;
        owed += bytes;
        ReturnCredit();
    }

    public void OnBuffered(long bytes) => buffered += bytes;

    public void OnConsumed(long bytes)
    {
        buffered -= bytes;
        ReturnCredit();
    }

    private void ReturnCredit()
    {
        // In quarters: often enough that the peer never waits, seldom enough that it costs nothing.
        if (owed < returnAt || buffered > maxBufferedBytes) return;
        writer.WriteWindowUpdate(0, owed);
        window += owed;
        owed = 0;
    }
}
