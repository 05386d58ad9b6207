namespace Mesh.Resources.Kinds;

internal static class Groups
{
    public const string Core = "";
    public const string Gateway = "gateway.networking.k8s.io";
    public const string Mesh = "mesh.internal";
}
