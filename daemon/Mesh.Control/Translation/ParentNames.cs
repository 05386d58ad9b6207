using System.Runtime.InteropServices;
using Mesh.Proxy.Configuration;

namespace Mesh.Control.Translation;

/// <summary>Names that exist because a host name lies below them, for as long as one does.</summary>
internal sealed class ParentNames
{
    private readonly Dictionary<string, int> below = new(StringComparer.Ordinal);
    private readonly Table<string, string>.Builder table = new(Table<string, string>.Empty);

    public void Replace(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        if (before.SequenceEqual(after)) return;
        foreach (string host in after) Count(host, 1);
        foreach (string host in before) Count(host, -1);
    }

    public Table<string, string> ToTable() => table.ToTable();

    private void Count(string host, int change)
    {
        for (int dot = host.IndexOf('.'); dot >= 0; dot = host.IndexOf('.', dot + 1))
        {
            string parent = host[(dot + 1)..];
            ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(below, parent, out _);
            int was = count;
            count += change;
            if (was == 0) table.Set(parent, parent);
            if (count != 0) continue;
            below.Remove(parent);
            table.Remove(parent);
        }
    }
}
