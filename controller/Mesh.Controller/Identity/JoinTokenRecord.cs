using System.Text.Json.Serialization;

namespace Mesh.Controller.Identity;

/// <param name="Hash">SHA-256 of the token's text, hexadecimal.</param>
internal sealed record JoinTokenRecord(
    string Hash, DateTimeOffset Created, DateTimeOffset Expires, string? Node, int MaxUses, List<JoinTokenUse> Uses);

/// <param name="RequestHash">SHA-256 of the signing request, by which a repeated attempt is known.</param>
internal sealed record JoinTokenUse(string Node, string RequestHash, DateTimeOffset At);

internal enum JoinTokenProblem
{
    Unknown,
    Expired,
    Used,
    WrongNode,
}

/// <summary>The token does not let the node in. The message is for the operator of the node.</summary>
internal sealed class JoinTokenException(JoinTokenProblem problem, string reason) : Exception(reason)
{
    public JoinTokenProblem Problem { get; } = problem;
}

[JsonSerializable(typeof(List<JoinTokenRecord>))]
internal sealed partial class JoinTokenJson : JsonSerializerContext;
