using Mesh.Io.Tls;

namespace Mesh.Control.Translation;

/// <summary>One object for equal texts and identities: 100,000 workloads share few namespaces, nodes and service accounts.</summary>
internal sealed class Interner
{
    /// <summary>Beyond it the memory of what was seen starts over; what is in use stays as it is.</summary>
    private const int MaxEntries = 65_536;

    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string, string), SpiffeId> identities = [];

    public string Text(string text)
    {
        if (texts.TryGetValue(text, out string? known)) return known;
        if (texts.Count >= MaxEntries) texts.Clear();
        return texts[text] = text;
    }

    public SpiffeId Identity(string trustDomain, string space, string serviceAccount)
    {
        if (identities.TryGetValue((trustDomain, space, serviceAccount), out var known)) return known;
        if (identities.Count >= MaxEntries) identities.Clear();
        var made = new SpiffeId(Text(trustDomain), Text(space), Text(serviceAccount));
        return identities[(made.TrustDomain, made.Namespace, made.ServiceAccount)] = made;
    }
}
