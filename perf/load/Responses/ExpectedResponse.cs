namespace Mesh.Load.Responses;

/// <summary>What every response must be: status 200, this body, its length announced.</summary>
internal sealed record ExpectedResponse(byte[] Body)
{
    public static ExpectedResponse FromFile(string file) => new(File.ReadAllBytes(file));
}

/// <summary>A response was not the expected one; the message says in what.</summary>
internal sealed class WrongResponseException(string message) : Exception(message);
