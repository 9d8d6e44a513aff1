package ytree
import ("testing";"os";"path/filepath";"strings";"encoding/json";"reflect";"fmt";"time"
 "sigs.k8s.io/yaml")
func TestAdhoc(t *testing.T){
 n,bad,fast,full:=0,0,0,0
 var total int64; var dur time.Duration
 filepath.Walk("/work/shared/conformance/data",func(p string,i os.FileInfo,e error)error{
  if e!=nil||i.IsDir()||!(strings.HasSuffix(p,".yaml")||strings.HasSuffix(p,".yml")||strings.HasSuffix(p,".json")){return nil}
  b,_:=os.ReadFile(p); s:=string(b)
  for _,sp:=range Split(s){
   n++
   st:=time.Now()
   pp:=parser{s:s[:sp.End],pos:sp.Start,lineStart:lineStart(s,sp.Start)}
   tree,err:=pp.document()
   dur+=time.Since(st); total+=int64(sp.End-sp.Start)
   var want any
   j,werr:=yaml.YAMLToJSON([]byte(s[sp.Start:sp.End]))
   if err==nil{fast++}else{ full++
     tree,err=ParseAt(s,sp.Start,sp.End) 
     if full<60 {fmt.Println("FULL",p,sp.Start,err)}}
   if (err!=nil)!=(werr!=nil){ bad++; if bad<30{fmt.Println("ERRDIFF",p,sp,err,werr)}; continue}
   if err!=nil{continue}
   json.Unmarshal(j,&want)
   var got any
   if tree!=nil{ json.Unmarshal(tree.AppendJSON(nil),&got)}
   if !reflect.DeepEqual(got,want){bad++; if bad<30{ fmt.Println("DIFF",p,sp)
     a,_:=json.Marshal(got);c,_:=json.Marshal(want); k:=0; for k<len(a)&&k<len(c)&&a[k]==c[k]{k++}; lo:=max(0,k-40); fmt.Printf(" got %s\n want %s\n",a[lo:min(len(a),k+60)],c[lo:min(len(c),k+60)])}}
  }
  return nil})
 fmt.Println("docs",n,"bad",bad,"fast",fast,"full",full,"MB/s",float64(total)/1e6/dur.Seconds())
}
