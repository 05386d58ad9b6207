namespace Mesh.Io;

/// <summary>How much of a kind one loop has open now. Written on the loop only; read from any thread, a little old at worst.</summary>
public sealed class LoopCounts
{
    /// <summary>TCP sockets that are connected or about to be; listeners are not counted.</summary>
    public int Sockets { get; set; }

    /// <summary>Streams of multiplexed connections that their owners have not given back.</summary>
    public int Streams { get; set; }
}
