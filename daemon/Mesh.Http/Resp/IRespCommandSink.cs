namespace Mesh.Http.Resp;

/// <summary>Hears of the commands in a stream of requests. A struct, so that calls are direct.</summary>
public interface IRespCommandSink
{
    /// <param name="name">As it was sent; cut after <see cref="RespRequestParser.MaxKept"/> bytes.</param>
    /// <param name="arguments">How many there are, the name included.</param>
    /// <returns>Whether the arguments matter.</returns>
    bool Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments);

    /// <param name="index">1 and up; 0 is the name.</param>
    /// <param name="start">Cut after <see cref="RespRequestParser.MaxKept"/> bytes.</param>
    void Argument(int index, ReadOnlySpan<byte> start);

    /// <returns>Whether to go on with the next command.</returns>
    bool End();
}

/// <summary>How far a reader of the protocol came.</summary>
public enum RespProgress
{
    /// <summary>To the end of the input.</summary>
    More,

    /// <summary>The sink stopped it.</summary>
    Stopped,

    /// <summary>To something that is not the protocol, or can be read in two ways. Nothing more is understood.</summary>
    Unintelligible,
}
